//! A payment provider in its sandbox, where tokens say what will happen: `tok_success`, `tok_declined_*`,
//! `tok_requires_action`, `tok_timeout`, `tok_flaky`, `tok_dispute`.

use domain::dispute::{DisputeReason, DisputeStatus};
use domain::payment::{Capture, DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use domain::secret::Secret;
use domain::text::Evidence;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};

use crate::World;
use crate::builders::{eur, payment, refund};

const CHARGED: i64 = 1_000;

fn a_charge(token: &str, world: &World) -> Charge {
    let payment = payment(world.tenant(), world.mint());
    let (key, tenant) = (payment.provider_key(), payment.tenant);
    Charge { key, tenant, money: eur(CHARGED), token: Secret::new(token), capture: Capture::Automatic }
}

fn named(charge: &Charge) -> ChargeName {
    ChargeName { key: charge.key.clone(), reference: None }
}

fn a_refund(charge: &str, minor_units: i64, world: &World) -> RefundCharge {
    let refund = refund(&payment(world.tenant(), world.mint()), world.mint());
    RefundCharge { key: refund.provider_key(), charge: charge.to_owned(), money: eur(minor_units) }
}

async fn find(provider: &dyn PaymentProvider, charge: &Charge) -> Option<Verdict> {
    provider.find_charge(&named(charge)).await.expect("a charge is found")
}

async fn find_refund(provider: &dyn PaymentProvider, refund: &RefundCharge) -> Option<RefundVerdict> {
    provider.find_refund(refund).await.expect("a refund is found")
}

/// A charge that has moved its money, and the provider's name for it.
async fn charged(provider: &dyn PaymentProvider, world: &World) -> String {
    match provider.charge(&a_charge("tok_success", world)).await {
        Ok(Verdict::Succeeded { reference, .. }) => reference,
        told => panic!("tok_success came to {told:?}"),
    }
}

pub async fn a_key_charges_once(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    for token in ["tok_success", "tok_dispute"] {
        let charge = a_charge(token, &world);
        let first = provider.charge(&charge).await.expect("a charge is answered");
        assert!(matches!(first, Verdict::Succeeded { .. }), "{token} came to {first:?}");
        for _ in 0..2 {
            let again = provider.charge(&charge).await.expect("a charge is answered");
            assert_eq!(again, first, "the same key is the same charge, with the same reference");
        }
        assert_eq!(find(provider, &charge).await, Some(first));
    }
    assert_ne!(charged(provider, &world).await, charged(provider, &world).await, "another key is another charge");
}

pub async fn declines_are_told_by_code(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    for (token, code) in [
        ("tok_declined_insufficient_funds", DeclineCode::InsufficientFunds),
        ("tok_declined_do_not_honor", DeclineCode::DoNotHonor),
        ("tok_declined_expired_card", DeclineCode::ExpiredCard),
        ("tok_of_nobody", DeclineCode::InvalidToken),
    ] {
        let charge = a_charge(token, &world);
        for _ in 0..2 {
            let told = provider.charge(&charge).await.expect("a charge is answered");
            assert_eq!(told, Verdict::Declined { code }, "{token}");
        }
        let found = find(provider, &charge).await;
        // A provider may keep nothing of a charge that it never tried.
        let is_untried = code == DeclineCode::InvalidToken && found.is_none();
        assert!(is_untried || found == Some(Verdict::Declined { code }), "{token} is found as {found:?}");
    }
}

pub async fn what_was_never_seen_is_not_found(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    assert_eq!(find(provider, &a_charge("tok_success", &world)).await, None);
    assert_eq!(find_refund(provider, &a_refund("ch_unknown", 1, &world)).await, None);
}

/// The answer is lost, the money is not.
pub async fn a_charge_without_an_answer_is_found(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = a_charge("tok_timeout", &world);
    let told = provider.charge(&charge).await;
    assert!(matches!(told, Err(ProviderError::TimedOut)), "tok_timeout came to {told:?}");

    let found = find(provider, &charge).await;
    assert!(matches!(found, Some(Verdict::Succeeded { .. })), "tok_timeout was charged, but is found as {found:?}");
    let again = provider.charge(&charge).await;
    let no_second_charge = matches!(again, Err(ProviderError::TimedOut)) || again.as_ref().ok() == found.as_ref();
    assert!(no_second_charge, "the same key is the same charge: {again:?}");
    assert_eq!(find(provider, &charge).await, found);
}

pub async fn a_flaky_charge_succeeds_at_the_third_try(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = a_charge("tok_flaky", &world);
    for _ in 0..2 {
        let told = provider.charge(&charge).await;
        assert!(matches!(told, Err(ProviderError::Unavailable(_))), "tok_flaky came to {told:?}");
    }
    let told = provider.charge(&charge).await.expect("the third try is answered");
    assert!(matches!(told, Verdict::Succeeded { .. }), "tok_flaky came to {told:?}");
    assert_eq!(find(provider, &charge).await, Some(told));
}

pub async fn a_charge_that_waits_can_be_given_up(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = a_charge("tok_requires_action", &world);
    let told = provider.charge(&charge).await.expect("a charge is answered");
    assert!(matches!(told, Verdict::RequiresAction { .. }), "tok_requires_action came to {told:?}");
    assert_eq!(find(provider, &charge).await, Some(told));

    let given_up = Verdict::Cancelled;
    for _ in 0..2 {
        assert_eq!(provider.cancel_charge(&named(&charge)).await.expect("it is given up"), given_up);
        assert_eq!(find(provider, &charge).await, Some(given_up.clone()));
    }
}

/// Giving up comes too late for what has been decided.
pub async fn a_decided_charge_is_not_given_up(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    for token in ["tok_success", "tok_declined_do_not_honor"] {
        let charge = a_charge(token, &world);
        let decided = provider.charge(&charge).await.expect("a charge is answered");
        assert_eq!(provider.cancel_charge(&named(&charge)).await.expect("it is answered"), decided, "{token}");
        assert_eq!(find(provider, &charge).await, Some(decided), "{token}");
    }
}

/// Part of what was authorised is taken, once; the rest is free for good.
pub async fn a_charge_by_hand_is_captured_once(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    for token in ["tok_success", "tok_timeout"] {
        let charge = Charge { capture: Capture::Manual, ..a_charge(token, &world) };
        let told = provider.charge(&charge).await.ok();
        let Some(Verdict::Authorized { reference }) = find(provider, &charge).await else {
            panic!("{token} by hand came to {told:?}")
        };
        let name = ChargeName { key: charge.key.clone(), reference: Some(reference.clone()) };
        let captured = Verdict::Succeeded { reference: reference.clone(), captured: eur(400).amount };
        for minor_units in [400, 400, 1_000] {
            let told = provider.capture_charge(&name, eur(minor_units)).await.expect("a capture is answered");
            assert_eq!(told, captured, "a second capture hears of the first");
        }
        assert_eq!(provider.cancel_charge(&name).await.expect("it is answered"), captured, "too late to give it up");
        assert_eq!(find(provider, &charge).await, Some(captured));
        let too_much = provider.refund(&a_refund(&reference, 401, &world)).await.expect("a refund is answered");
        assert!(matches!(too_much, RefundVerdict::Refused { .. }), "{too_much:?}");
    }
}

pub async fn an_authorised_charge_can_be_given_up(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = Charge { capture: Capture::Manual, ..a_charge("tok_success", &world) };
    provider.charge(&charge).await.expect("a charge is answered");
    for _ in 0..2 {
        assert_eq!(provider.cancel_charge(&named(&charge)).await.expect("it is given up"), Verdict::Cancelled);
    }
    let late = provider.capture_charge(&named(&charge), eur(1)).await.expect("it is answered");
    assert_eq!((late, find(provider, &charge).await), (Verdict::Cancelled, Some(Verdict::Cancelled)));
}

/// A dispute is found with its charge, and an answer that was given stays given.
pub async fn a_dispute_is_found_and_answered(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    for (answer, comes_to) in [
        ("winning_evidence", DisputeStatus::Won),
        ("losing_evidence", DisputeStatus::Lost),
        ("The parcel was signed for", DisputeStatus::UnderReview),
    ] {
        let charge = a_charge("tok_dispute", &world);
        assert_eq!(provider.find_disputes(&named(&charge)).await.expect("it is answered"), []);
        provider.charge(&charge).await.expect("a charge is answered");
        let found = provider.find_disputes(&named(&charge)).await.expect("disputes are found");
        let [opened] = found.as_slice() else { panic!("one dispute, not {found:?}") };
        assert_eq!((opened.money, opened.status), (eur(CHARGED), DisputeStatus::NeedsResponse));
        assert_eq!(opened.reason, DisputeReason::Fraudulent);
        let evidence = Evidence::parse(answer).expect("evidence");
        for _ in 0..2 {
            let told = provider.answer_dispute(&opened.reference, &evidence).await.expect("it is answered");
            assert_eq!((&told.reference, told.status), (&opened.reference, comes_to));
        }
        let found = provider.find_disputes(&named(&charge)).await.expect("disputes are found");
        assert_eq!(found.iter().map(|dispute| dispute.status).collect::<Vec<_>>(), [comes_to]);
    }
    let quiet = a_charge("tok_success", &world);
    provider.charge(&quiet).await.expect("a charge is answered");
    assert_eq!(provider.find_disputes(&named(&quiet)).await.expect("it is answered"), []);
}

pub async fn a_key_refunds_once(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = charged(provider, &world).await;
    let refund = a_refund(&charge, CHARGED, &world);
    let first = provider.refund(&refund).await.expect("a refund is answered");
    assert!(matches!(first, RefundVerdict::Succeeded { .. }), "{first:?}");
    // A second refund of the whole charge under this key would be more than there is.
    for _ in 0..2 {
        assert_eq!(provider.refund(&refund).await.expect("a refund is answered"), first);
    }
    assert_eq!(find_refund(provider, &refund).await, Some(first));
}

pub async fn refunds_end_at_what_was_charged(provider: &dyn PaymentProvider, seed: u128) {
    let world = World::new(seed);
    let charge = charged(provider, &world).await;
    for (part, goes_through) in [(700, true), (301, false), (300, true), (1, false)] {
        let refund = a_refund(&charge, part, &world);
        let told = provider.refund(&refund).await.expect("a refund is answered");
        assert_eq!(matches!(told, RefundVerdict::Succeeded { .. }), goes_through, "{part}: {told:?}");
        let found = find_refund(provider, &refund).await;
        // A provider may keep nothing of a refund that it refused.
        assert!(found.as_ref() == Some(&told) || !goes_through && found.is_none(), "{part} is found as {found:?}");
    }
}
