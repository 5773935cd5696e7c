//! Which events are of interest, and a signature that Stripe's own library is tested with.

use super::*;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const PAYMENT: &str = "pay_00000000000000000000000005";
const TENANT: &str = "ten_00000000000000000000000001";

fn read(body: &str) -> Result<Option<ProviderNotice>, NoticeRefusal> {
    let header = signature::sign(&Secret::new("whsec_hush"), NOW, body.as_bytes());
    StripeEvents::new(Secret::new("whsec_hush")).read(&header, body.as_bytes(), NOW)
}

fn body(kind: &str, object: &str) -> String {
    format!(r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}}}}"#)
}

fn marked(tenant: &str, payment: &str) -> String {
    format!(r#"{{"id":"pi_1","metadata":{{"key":"{payment}-1","payment":"{payment}","tenant":"{tenant}"}}}}"#)
}

#[test]
fn an_event_about_a_charge_names_its_payment() {
    for kind in ["payment_intent.succeeded", "payment_intent.canceled", "charge.captured", "charge.refunded"] {
        let notice = read(&body(kind, &marked(TENANT, PAYMENT))).expect("good").expect("of interest");
        let ProviderNotice { id, tenant, payment } = notice;
        assert_eq!((id.as_str(), tenant.to_string(), payment.to_string()), ("evt_1", TENANT.into(), PAYMENT.into()));
    }
}

#[test]
fn what_is_none_of_ours_is_passed_over() {
    for body in [
        body("payout.paid", &marked(TENANT, PAYMENT)),
        body("payment_intent.succeeded", r#"{"id":"pi_1","metadata":{}}"#),
        body("payment_intent.succeeded", r#"{"id":"pi_1","metadata":{"order":"6735"}}"#),
        body("payment_intent.succeeded", r#"{"id":"pi_1"}"#),
    ] {
        assert_eq!(read(&body), Ok(None), "{body}");
    }
    for body in ["{}".to_owned(), "no json".to_owned(), body("charge.captured", &marked("ten_x", PAYMENT))] {
        assert_eq!(read(&body), Err(NoticeRefusal::Malformed), "{body}");
    }
}

/// The secret, the body and the header that stripe-dotnet tests its own verification with
/// (`src/StripeTests/Resources/event_test_signature.json`).
#[test]
fn a_signature_of_stripe_s_library_is_good() {
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
    let events = StripeEvents::new(Secret::new("webhook_secret"));
    let at = |seconds: i64| Timestamp::from_ms(seconds * 1_000);
    assert_eq!(events.read(header, BODY.as_bytes(), at(1_533_204_620)), Ok(None));
    assert_eq!(events.read(header, BODY.as_bytes(), at(1_533_205_000)), Err(NoticeRefusal::OutOfTime));
    assert_eq!(events.read(header, BODY.trim_end().as_bytes(), at(1_533_204_620)), Err(NoticeRefusal::BadSignature));
}
