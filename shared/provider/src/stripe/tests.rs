//! The adapter against the double: the contract of every provider, and what is Stripe's own.

use std::time::Duration;

use contract::World;
use contract::builders::{eur, payment, refund};
use contract::provider as promises;
use domain::dispute::DisputeStatus;
use domain::money::{Amount, Currency};
use domain::payment::Capture;
use domain::secret::Secret;

use super::*;
use stripe_double::Stripe;

const KEY: &str = "sk_test_hush_1";

fn client(stripe: &Stripe) -> StripeProvider {
    let config = ProviderConfig::new(&stripe.base_url, Secret::new(KEY));
    StripeProvider::new(ProviderConfig { timeout: Duration::from_millis(450), ..config }).expect("a good configuration")
}

fn charge(token: &str, world: &World) -> Charge {
    let payment = payment(world.tenant(), world.mint());
    Charge {
        key: payment.provider_key(),
        tenant: payment.tenant,
        money: eur(1_000),
        token: Secret::new(token),
        capture: Capture::Automatic,
    }
}

fn named(charge: &Charge) -> ChargeName {
    ChargeName { key: charge.key.clone(), reference: None }
}

async fn charged(client: &StripeProvider, charge: &Charge) -> String {
    match client.charge(charge).await {
        Ok(Verdict::Succeeded { reference, .. }) => reference,
        told => panic!("it came to {told:?}"),
    }
}

#[tokio::test]
async fn charges_keep_the_contract() {
    let stripe = Stripe::serve();
    let client = client(&stripe);
    promises::a_key_charges_once(&client, 1).await;
    promises::declines_are_told_by_code(&client, 2).await;
    promises::what_was_never_seen_is_not_found(&client, 3).await;
    promises::a_charge_without_an_answer_is_found(&client, 4).await;
    promises::a_flaky_charge_succeeds_at_the_third_try(&client, 5).await;
    promises::a_charge_that_waits_can_be_given_up(&client, 6).await;
    promises::a_decided_charge_is_not_given_up(&client, 7).await;
    promises::a_charge_by_hand_is_captured_once(&client, 8).await;
    promises::an_authorised_charge_can_be_given_up(&client, 9).await;
    promises::a_dispute_is_found_and_answered(&client, 12).await;
}

#[tokio::test]
async fn refunds_keep_the_contract() {
    let stripe = Stripe::serve();
    let client = client(&stripe);
    promises::a_key_refunds_once(&client, 10).await;
    promises::refunds_end_at_what_was_charged(&client, 11).await;
}

#[tokio::test]
async fn a_charge_goes_out_as_a_form_with_its_key_and_marks() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let charge = charge("tok_success", &world);
    charged(&client(&stripe), &charge).await;
    let request = stripe.books().requests.remove(0);
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("POST /v1/payment_intents HTTP/1.1"), "{head}");
    for line in [
        &format!("idempotency-key: {}", charge.key),
        "authorization: Bearer sk_test_hush_1",
        "stripe-version: 2025-03-31.basil",
        "content-type: application/x-www-form-urlencoded",
    ] {
        assert!(head.lines().any(|header| header == line), "{line} in {head}");
    }
    let payment = charge.key.strip_suffix("-1").expect("a first try");
    let expected = format!(
        "amount=1000&currency=eur&payment_method=tok_success&payment_method_types%5B%5D=card&capture_method=automatic\
         &confirm=true&metadata%5Bkey%5D={}&metadata%5Bpayment%5D={payment}&metadata%5Btenant%5D={}",
        charge.key, charge.tenant
    );
    assert_eq!(body, expected);
}

/// `None` of the search is no proof; the key is.
#[tokio::test]
async fn a_search_that_is_behind_leads_to_no_second_charge() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    stripe.books().search_is_behind = true;
    let charge = charge("tok_timeout", &world);
    assert!(matches!(client.charge(&charge).await, Err(ProviderError::TimedOut)));
    assert_eq!(client.find_charge(&named(&charge)).await.expect("answered"), None);
    assert!(matches!(client.charge(&charge).await, Err(ProviderError::TimedOut)));
    stripe.books().search_is_behind = false;
    let found = client.find_charge(&named(&charge)).await.expect("answered");
    assert!(matches!(found, Some(Verdict::Succeeded { .. })), "{found:?}");
    assert_eq!(stripe.books().intents.len(), 1);
}

/// Stripe repeats a 500 for as long as it keeps the key, and the money may have moved.
#[tokio::test]
async fn a_charge_that_broke_is_unknown_until_it_is_found() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    stripe.books().breaks_after_charging = true;
    let charge = charge("tok_success", &world);
    for _ in 0..2 {
        assert!(matches!(client.charge(&charge).await, Err(ProviderError::TimedOut)));
    }
    let found = client.find_charge(&named(&charge)).await.expect("answered");
    assert!(matches!(found, Some(Verdict::Succeeded { .. })), "{found:?}");
    assert_eq!(stripe.books().intents.len(), 1);
}

/// The customer may hold the intent's secret and try another card, when the payment is over for us.
#[tokio::test]
async fn a_declined_intent_is_given_up_before_its_decline_is_told() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    let charge = charge("tok_requires_action", &world);
    let told = client.charge(&charge).await.expect("answered");
    let Verdict::RequiresAction { reference } = told else { panic!("it came to {told:?}") };
    {
        let mut books = stripe.books();
        let intent = books.intents.get_mut(&reference).expect("the intent");
        intent["status"] = "requires_payment_method".into();
        intent["last_payment_error"] = serde_json::json!({ "code": "payment_intent_authentication_failure" });
    }
    let name = ChargeName { reference: Some(reference.clone()), ..named(&charge) };
    let declined = Verdict::Declined { code: DeclineCode::AuthenticationRequired };
    let at_once = self::charge("tok_declined_expired_card", &world);
    let told = client.charge(&at_once).await.expect("answered");
    assert_eq!(told, Verdict::Declined { code: DeclineCode::ExpiredCard });
    let is_given_up = |intent: &serde_json::Value| {
        intent["metadata"]["key"] == at_once.key.as_str() && intent["status"] == "canceled"
    };
    assert!(stripe.books().intents.values().any(is_given_up), "declined at once");
    assert_eq!(client.find_charge(&name).await.expect("answered"), Some(declined));
    assert_eq!(stripe.books().intents[&reference]["status"], "canceled");
}

#[tokio::test]
async fn a_refund_on_its_way_is_pending_until_it_is_decided() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    stripe.books().refunds_are = Some("pending");
    let reference = charged(&client, &charge("tok_success", &world)).await;
    let key = refund(&payment(world.tenant(), world.mint()), world.mint()).provider_key();
    let request = RefundCharge { key, charge: reference, money: eur(400) };
    let pending = RefundVerdict::Pending { reference: "re_1".into() };
    assert_eq!(client.refund(&request).await.expect("answered"), pending);
    assert_eq!(client.find_refund(&request).await.expect("answered"), Some(pending));
    for (status, expected) in [
        ("succeeded", RefundVerdict::Succeeded { reference: "re_1".into() }),
        ("failed", RefundVerdict::Refused { code: DeclineCode::Other }),
        ("canceled", RefundVerdict::Refused { code: DeclineCode::Other }),
    ] {
        stripe.books().refunds[0]["status"] = status.into();
        assert_eq!(client.find_refund(&request).await.expect("answered"), Some(expected), "{status}");
    }
}

/// A refund is found behind as many pages as there are.
#[tokio::test]
async fn the_first_of_many_refunds_is_found() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    let reference = charged(&client, &charge("tok_success", &world)).await;
    let mut requests = Vec::new();
    for number in 1..=60 {
        let request = RefundCharge { key: format!("ref_{number}-1"), charge: reference.clone(), money: eur(10) };
        client.refund(&request).await.expect("answered");
        requests.push(request);
    }
    let found = client.find_refund(&requests[0]).await.expect("answered");
    assert_eq!(found, Some(RefundVerdict::Succeeded { reference: "re_1".into() }));
    let other = RefundCharge { key: "ref_61-1".into(), ..requests[0].clone() };
    assert_eq!(client.find_refund(&other).await.expect("answered"), None);
}

#[tokio::test]
async fn a_dispute_is_found_by_its_charge_and_answered_once() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    let charge = charge("tok_dispute", &world);
    charged(&client, &charge).await;
    let [report] = &client.find_disputes(&named(&charge)).await.expect("answered")[..] else { panic!("one dispute") };
    assert_eq!((report.status, report.money), (DisputeStatus::NeedsResponse, eur(1_000)));
    let evidence = Evidence::parse("Signed for").expect("valid");
    let another = Evidence::parse("Signed for, again").expect("valid");
    for evidence in [&evidence, &evidence, &another] {
        let answered = client.answer_dispute(&report.reference, evidence).await.expect("answered");
        assert_eq!(answered.status, DisputeStatus::UnderReview);
    }
    let other = self::charge("tok_success", &world);
    assert_eq!(client.find_disputes(&named(&other)).await.expect("answered"), []);
}

#[tokio::test]
async fn an_amount_that_stripe_does_not_count_is_declined_unsent() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    for (minor_units, currency, code) in
        [(1_234, "KWD", DeclineCode::InvalidAmount), (1_230, "IQD", DeclineCode::CurrencyNotSupported)]
    {
        let money = Money {
            amount: Amount::new(minor_units).expect("valid"),
            currency: Currency::parse(currency).expect("known"),
        };
        let charge = Charge { money, ..charge("tok_success", &world) };
        assert_eq!(client.charge(&charge).await.expect("answered"), Verdict::Declined { code });
    }
    assert_eq!(stripe.books().requests, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_shows_the_key_or_the_token() {
    let world = World::new(1);
    let client = StripeProvider::new(ProviderConfig::new("http://127.0.0.1:1", Secret::new(KEY))).expect("good");
    let charge = charge("tok_of_somebody", &world);
    let error = client.charge(&charge).await.expect_err("nobody is there");
    for text in [format!("{client:?}"), format!("{error:?} {error}")] {
        assert!(!text.contains(KEY) && !text.contains("tok_of_somebody"), "{text}");
    }
}

/// The key of a refused step would bring its refusal again, or be refused for the other amount.
#[tokio::test]
async fn a_capture_that_is_refused_leaves_the_hold_for_another() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    let charge = Charge { capture: Capture::Manual, ..charge("tok_success", &world) };
    client.charge(&charge).await.expect("answered");
    for _ in 0..2 {
        let refused = client.capture_charge(&named(&charge), eur(5)).await;
        assert!(matches!(refused, Err(ProviderError::Refused(DeclineCode::InvalidAmount))), "{refused:?}");
    }
    let captured = client.capture_charge(&named(&charge), eur(500)).await.expect("answered");
    assert!(matches!(captured, Verdict::Succeeded { captured, .. } if captured.get() == 500), "{captured:?}");
    let late = client.capture_charge(&named(&charge), eur(5)).await.expect("it has come to something");
    assert_eq!(late, captured);
}

/// Stripe takes currencies of three decimals in tens alone: nothing has to be sent to know it.
#[tokio::test]
async fn an_amount_that_cannot_be_written_is_refused_as_well() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let money = Money { amount: Amount::new(5_115).expect("valid"), currency: Currency::parse("KWD").expect("one") };
    let refused = client(&stripe).capture_charge(&named(&charge("tok_success", &world)), money).await;
    assert!(matches!(refused, Err(ProviderError::Refused(DeclineCode::InvalidAmount))), "{refused:?}");
    assert!(stripe.books().requests.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_refused_leaves_the_dispute_for_another() {
    let (stripe, world) = (Stripe::serve(), World::new(1));
    let client = client(&stripe);
    let charge = charge("tok_dispute", &world);
    charged(&client, &charge).await;
    let dispute = client.find_disputes(&named(&charge)).await.expect("answered").remove(0);
    let answer = async |text| client.answer_dispute(&dispute.reference, &Evidence::parse(text).expect("valid")).await;
    for _ in 0..2 {
        assert!(matches!(answer("refused_evidence").await, Err(ProviderError::Refused(_))));
    }
    assert_eq!(answer("The parcel was signed for").await.expect("answered").status, DisputeStatus::UnderReview);
    assert!(answer("refused_evidence").await.is_ok(), "it is answered");
}
