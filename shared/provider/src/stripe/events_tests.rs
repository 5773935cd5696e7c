//! Which events are of interest, and a signature that Stripe's own library is tested with.

use super::*;
use crate::exchange::ProviderConfig;
use stripe_double::Stripe;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const PAYMENT: &str = "pay_00000000000000000000000005";
const TENANT: &str = "ten_00000000000000000000000001";

fn events(secret: &str, base_url: &str) -> StripeEvents {
    let stripe = StripeProvider::new(ProviderConfig::new(base_url, Secret::new("sk_test_hush_1"))).expect("good");
    StripeEvents::new(Secret::new(secret), stripe)
}

async fn read_of(base_url: &str, body: &str) -> Result<Option<ProviderNotice>, NoticeRefusal> {
    let header = signature::sign(&Secret::new("whsec_hush"), NOW, body.as_bytes());
    events("whsec_hush", base_url).read(&header, body.as_bytes(), NOW).await
}

/// Where nobody is.
async fn read(body: &str) -> Result<Option<ProviderNotice>, NoticeRefusal> {
    read_of("http://127.0.0.1:1", body).await
}

fn body(kind: &str, object: &str) -> String {
    format!(r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}}}}"#)
}

fn marked(tenant: &str, payment: &str) -> String {
    format!(r#"{{"id":"pi_1","metadata":{{"key":"{payment}-1","payment":"{payment}","tenant":"{tenant}"}}}}"#)
}

#[tokio::test]
async fn an_event_about_a_charge_names_its_payment() {
    for kind in ["payment_intent.succeeded", "payment_intent.canceled"] {
        let notice = read(&body(kind, &marked(TENANT, PAYMENT))).await.expect("good").expect("of interest");
        let ProviderNotice { id, tenant, payment } = notice;
        assert_eq!((id.as_str(), tenant.to_string(), payment.to_string()), ("evt_1", TENANT.into(), PAYMENT.into()));
    }
}

#[tokio::test]
async fn an_event_about_a_dispute_is_asked_after() {
    let stripe = Stripe::serve();
    let intent = serde_json::json!({
        "id": "pi_1", "status": "succeeded", "currency": "eur", "metadata": { "tenant": TENANT, "payment": PAYMENT },
    });
    stripe.books().intents.insert("pi_1".to_owned(), intent);
    let dispute = |intent: &str| {
        body("charge.dispute.created", &format!(r#"{{"id":"dp_1","payment_intent":"{intent}","metadata":{{}}}}"#))
    };
    let notice = read_of(&stripe.base_url, &dispute("pi_1")).await.expect("good").expect("of interest");
    assert_eq!((notice.tenant.to_string(), notice.payment.to_string()), (TENANT.to_owned(), PAYMENT.to_owned()));
    assert_eq!(read_of(&stripe.base_url, &dispute("pi_of_others")).await, Ok(None));
    assert_eq!(read(&dispute("pi_1")).await, Err(NoticeRefusal::Unavailable), "Stripe is to tell it again");
    let by_card_alone = body("charge.dispute.created", r#"{"id":"dp_1","metadata":{}}"#);
    assert_eq!(read(&by_card_alone).await, Ok(None));
}

#[tokio::test]
async fn what_is_none_of_ours_is_passed_over() {
    for body in [
        body("payout.paid", &marked(TENANT, PAYMENT)),
        body("charge.refunded", &marked(TENANT, PAYMENT)),
        body("payment_intent.succeeded", r#"{"id":"pi_1","metadata":{}}"#),
        body("payment_intent.succeeded", r#"{"id":"pi_1","metadata":{"order":"6735"}}"#),
        body("payment_intent.succeeded", r#"{"id":"pi_1"}"#),
    ] {
        assert_eq!(read(&body).await, Ok(None), "{body}");
    }
    for body in ["{}".to_owned(), "no json".to_owned(), body("payment_intent.succeeded", &marked("ten_x", PAYMENT))] {
        assert_eq!(read(&body).await, Err(NoticeRefusal::Malformed), "{body}");
    }
}

/// The secret, the body and the header that stripe-dotnet tests its own verification with
/// (`src/StripeTests/Resources/event_test_signature.json`).
#[tokio::test]
async fn a_signature_of_stripe_s_library_is_good() {
    const BODY: &str = r#"{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "cus_123",
      "object": "customer",
      "created": 123456789,
      "email": "test@stripe.com",
      "livemode": false,
      "metadata": {}
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "customer.created"
}
"#;
    let header = "t=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7,\
                  v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef";
    let events = events("webhook_secret", "http://127.0.0.1:1");
    let at = |seconds: i64| Timestamp::from_ms(seconds * 1_000);
    assert_eq!(events.read(header, BODY.as_bytes(), at(1_533_204_620)).await, Ok(None));
    assert_eq!(events.read(header, BODY.as_bytes(), at(1_533_205_000)).await, Err(NoticeRefusal::OutOfTime));
    assert_eq!(
        events.read(header, BODY.trim_end().as_bytes(), at(1_533_204_620)).await,
        Err(NoticeRefusal::BadSignature)
    );
}
