//! What the fake provider lets tests see and do: the books, authentication, lost answers.

use coffer_memory::{Fault, Faults, Provider};
use contract::World;
use contract::builders::{eur, payment, refund};
use domain::payment::{Capture, Payment, Verdict};
use domain::refund::RefundVerdict;
use domain::secret::Secret;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};

fn a_payment(world: &World) -> Payment {
    payment(world.tenant(), world.mint())
}

fn charge_of(payment: &Payment, token: &str) -> Charge {
    let (key, tenant, money) = (payment.provider_key(), payment.tenant, payment.money);
    Charge { key, tenant, money, token: Secret::new(token), capture: Capture::Automatic }
}

fn named(key: &str) -> ChargeName {
    ChargeName { key: key.to_owned(), reference: None }
}

#[tokio::test]
async fn a_lost_answer_is_one_charge() {
    let (world, faults) = (World::new(1), Faults::none());
    let provider = Provider::new(faults.clone());
    let payment = a_payment(&world);
    let charge = charge_of(&payment, "tok_success");
    faults.fail("provider.charge", 1, Fault::TimedOutAfter);
    faults.fail("provider.charge", 2, Fault::Throttled);

    assert!(matches!(provider.charge(&charge).await, Err(ProviderError::TimedOut)));
    assert!(matches!(provider.charge(&charge).await, Err(ProviderError::Unavailable(_))));
    let found = provider.find_charge(&named(&charge.key)).await.expect("no fault is planned");
    assert_eq!(found, provider.charge(&charge).await.ok());
    assert_eq!((provider.charged(payment.id), provider.charges().len()), (1_000, 1));
}

/// The books count every try of a payment and no other payment's.
#[tokio::test]
async fn money_is_counted_by_payment() {
    let world = World::new(1);
    let provider = Provider::new(Faults::none());
    let (payment, other) = (a_payment(&world), a_payment(&world));
    let again = Payment { attempt: 2, ..payment.clone() };
    let mut references = Vec::new();
    for payment in [&payment, &again, &other] {
        match provider.charge(&charge_of(payment, "tok_success")).await {
            Ok(Verdict::Succeeded { reference, .. }) => references.push(reference),
            told => panic!("tok_success came to {told:?}"),
        }
    }
    provider.charge(&charge_of(&a_payment(&world), "tok_declined_do_not_honor")).await.expect("it is answered");
    assert_eq!((provider.charged(payment.id), provider.charged(other.id)), (2_000, 1_000));

    for (charge, part) in [(&references[0], 300), (&references[1], 200), (&references[1], 900)] {
        let key = refund(&payment, world.mint()).provider_key();
        let refund = RefundCharge { key, charge: charge.clone(), money: eur(part) };
        provider.refund(&refund).await.expect("it is answered");
    }
    assert_eq!((provider.refunded(payment.id), provider.refunded(other.id)), (500, 0));
    let refused = provider.refunds().into_values().filter(|file| matches!(file.verdict, RefundVerdict::Refused { .. }));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn a_customer_authenticates_a_charge_that_waits() {
    let world = World::new(1);
    let provider = Provider::new(Faults::none());
    let payment = a_payment(&world);
    let charge = charge_of(&payment, "tok_requires_action");
    assert!(!provider.authenticate(&charge.key), "nothing waits yet");
    let Ok(Verdict::RequiresAction { reference }) = provider.charge(&charge).await else { panic!("it should wait") };
    assert_eq!(provider.charged(payment.id), 0);

    assert!(provider.authenticate(&charge.key));
    assert!(!provider.authenticate(&charge.key), "it has been confirmed");
    let succeeded = Verdict::Succeeded { reference, captured: payment.money.amount };
    assert_eq!(provider.find_charge(&named(&charge.key)).await.expect("no fault is planned"), Some(succeeded.clone()));
    assert_eq!(
        provider.cancel_charge(&named(&charge.key)).await.expect("no fault is planned"),
        succeeded,
        "it came too late"
    );
    assert_eq!(provider.charged(payment.id), 1_000);
}

#[tokio::test]
async fn a_key_is_for_one_charge() {
    let world = World::new(1);
    let provider = Provider::new(Faults::none());
    let charge = charge_of(&a_payment(&world), "tok_success");
    provider.charge(&charge).await.expect("it is answered");
    let other = Charge { money: eur(999), ..charge };
    assert!(matches!(provider.charge(&other).await, Err(ProviderError::Rejected(_))));
    assert!(matches!(provider.cancel_charge(&named("unknown")).await, Err(ProviderError::Rejected(_))));
}
