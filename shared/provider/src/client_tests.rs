//! Every call against a socket: what goes out, what comes of each way to answer or not to.

use std::time::Duration;

use domain::dispute::{DisputeReason, DisputeStatus};
use domain::ids::TenantId;
use domain::money::{Amount, Currency, Money};
use domain::payment::{Capture, DeclineCode};
use domain::secret::Secret;
use ports::PortErrorKind;

use super::*;
use crate::double::{Act, Double};
use crate::exchange::BODY_LEN_MAX;

const KEY: &str = "sk_sandbox_hush";
const TOKEN: &str = "tok_of_somebody";

fn provider(base_url: &str) -> HttpProvider {
    let config = ProviderConfig::new(base_url, Secret::new(KEY));
    HttpProvider::new(ProviderConfig { timeout: Duration::from_millis(400), ..config }).expect("a good configuration")
}

fn money() -> Money {
    Money { amount: Amount::new(1_250).expect("valid"), currency: Currency::parse("EUR").expect("valid") }
}

fn charge() -> Charge {
    let (key, tenant) = ("pay_1-1".into(), TenantId::from_u128(1));
    Charge { key, tenant, money: money(), token: Secret::new(TOKEN), capture: Capture::Manual }
}

fn succeeded() -> Verdict {
    Verdict::Succeeded { reference: "ch_1".into(), captured: money().amount }
}

fn named(key: &str) -> ChargeName {
    ChargeName { key: key.to_owned(), reference: None }
}

#[tokio::test]
async fn a_charge_goes_out_with_its_key_and_the_api_s() {
    let double = Double::doing(vec![Act::Answer(200, r#"{"id":"ch_1","status":"succeeded","amount_captured":1250}"#)]);
    assert_eq!(provider(&double.base_url).charge(&charge()).await.expect("answered"), succeeded());
    let request = double.request();
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("POST /stage/v1/charges HTTP/1.1"), "{head}");
    for line in [
        "idempotency-key: pay_1-1",
        "authorization: Bearer sk_sandbox_hush",
        "content-type: application/json",
        "accept: application/json",
        concat!("user-agent: coffer/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.lines().any(|header| header == line), "{line} in {head}");
    }
    assert_eq!(
        body,
        r#"{"amount":1250,"currency":"EUR","token":"tok_of_somebody","capture":"manual","client_reference":"ten_00000000000000000000000001"}"#
    );
}

#[tokio::test]
async fn the_other_calls_go_where_they_belong() {
    let waiting = r#"{"id":"ch_1","status":"requires_action"}"#;
    let refunded = r#"{"id":"re_1","status":"succeeded"}"#;
    let double = Double::doing(vec![
        Act::Answer(200, r#"{"data":[]}"#),
        Act::Answer(200, r#"{"id":"ch_1","status":"succeeded","amount_captured":1250}"#),
        Act::Answer(200, waiting),
        Act::Answer(200, refunded),
        Act::Answer(200, r#"{"data":[{"id":"re_1","status":"succeeded"}]}"#),
    ]);
    let provider = provider(&double.base_url);
    let first_line = || double.request().lines().next().unwrap_or_default().to_owned();
    let done = RefundVerdict::Succeeded { reference: "re_1".into() };

    assert_eq!(provider.find_charge(&named("pay_1-1&x=y")).await.expect("answered"), None);
    assert_eq!(first_line(), "GET /stage/v1/charges?idempotency_key=pay_1-1%26x%3Dy HTTP/1.1");
    let captured = provider.capture_charge(&named("pay_1-1"), money()).await.expect("answered");
    assert_eq!(captured, succeeded());
    let request = double.request();
    assert!(request.starts_with("POST /stage/v1/charges/capture?idempotency_key=pay_1-1 HTTP/1.1"), "{request}");
    assert!(request.ends_with(r#"{"amount":1250}"#), "{request}");
    let waits = Verdict::RequiresAction { reference: "ch_1".into() };
    assert_eq!(provider.cancel_charge(&named("pay_1-1")).await.expect("answered"), waits);
    assert_eq!(first_line(), "POST /stage/v1/charges/cancel?idempotency_key=pay_1-1 HTTP/1.1");
    let refund = RefundCharge { key: "ref_1-1".into(), charge: "ch_1".into(), money: money() };
    assert_eq!(provider.refund(&refund).await.expect("answered"), done);
    let request = double.request();
    assert!(request.starts_with("POST /stage/v1/refunds HTTP/1.1") && request.contains("idempotency-key: ref_1-1"));
    assert!(request.ends_with(r#"{"charge":"ch_1","amount":1250,"currency":"EUR"}"#), "{request}");
    assert_eq!(provider.find_refund(&refund).await.expect("answered"), Some(done));
    assert_eq!(first_line(), "GET /stage/v1/refunds?idempotency_key=ref_1-1 HTTP/1.1");
}

#[tokio::test]
async fn a_dispute_is_found_with_its_charge_and_answered_by_its_name() {
    let dispute = r#"{"id":"dp_1","amount":1250,"currency":"EUR","reason":"fraudulent","status":"under_review"}"#;
    let charge = r#"{"data":[{"id":"ch_1","dispute":{"id":"dp_1","amount":1250,"currency":"EUR","reason":"fraudulent","status":"needs_response"}}]}"#;
    let double = Double::doing(vec![Act::Answer(200, charge), Act::Answer(200, dispute)]);
    let provider = provider(&double.base_url);
    let found = provider.find_disputes(&named("pay_1-1")).await.expect("answered").remove(0);
    assert_eq!((found.reference.as_str(), found.money, found.reason), ("dp_1", money(), DisputeReason::Fraudulent));
    assert!(double.request().starts_with("GET /stage/v1/charges?idempotency_key=pay_1-1 HTTP/1.1"));
    let evidence = Evidence::parse("Signed for").expect("valid");
    let answered = provider.answer_dispute("dp_1", &evidence).await.expect("answered");
    assert_eq!((found.status, answered.status), (DisputeStatus::NeedsResponse, DisputeStatus::UnderReview));
    let request = double.request();
    assert!(request.starts_with("POST /stage/v1/disputes/dp_1/answer HTTP/1.1"), "{request}");
    assert!(request.ends_with(r#"{"evidence":"Signed for"}"#), "{request}");
}

#[tokio::test]
async fn answers_are_mapped_and_redirects_are_not_followed() {
    let double = Double::doing(vec![
        Act::Answer(402, r#"{"error":{"code":"insufficient_funds"}}"#),
        Act::Answer(503, ""),
        Act::Answer(429, ""),
        Act::Answer(401, r#"{"error":{"code":"unauthorized","key":"sk_sandbox_hush"}}"#),
        Act::Answer(307, ""),
    ]);
    let provider = provider(&double.base_url);
    let declined = Verdict::Declined { code: DeclineCode::InsufficientFunds };
    assert_eq!(provider.charge(&charge()).await.expect("answered"), declined);
    assert!(matches!(provider.charge(&charge()).await, Err(ProviderError::Unavailable(_))));
    assert!(matches!(provider.charge(&charge()).await, Err(ProviderError::Unavailable(_))));
    assert!(matches!(provider.charge(&charge()).await, Err(ProviderError::Rejected(code)) if code == "unauthorized"));
    assert!(matches!(provider.charge(&charge()).await, Err(ProviderError::Rejected(code)) if code == "http_307"));
}

#[tokio::test]
async fn what_may_have_been_done_is_unknown_and_never_unavailable() {
    for (name, act) in [
        ("too late", Act::Dawdle(Duration::from_secs(1))),
        ("hung up before answering", Act::HangUp),
        ("hung up while answering", Act::HangUpMidway),
        ("an answer without end", Act::Flood(BODY_LEN_MAX + 1)),
        ("an answer that is none", Act::Answer(200, "welcome")),
    ] {
        let double = Double::doing(vec![act]);
        let outcome = provider(&double.base_url).charge(&charge()).await;
        assert!(matches!(outcome, Err(ProviderError::TimedOut)), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn over_a_connection_that_never_stood_nothing_is_sent() {
    let port_of_nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("bound").port()
    };
    let outcome = provider(&format!("http://127.0.0.1:{port_of_nobody}")).charge(&charge()).await;
    assert!(matches!(outcome, Err(ProviderError::NotSent(Some(_)))), "{outcome:?}");
}

#[tokio::test]
async fn nothing_shows_the_key_or_the_token() {
    let config = ProviderConfig::new("http://127.0.0.1:1", Secret::new(KEY));
    let shown = format!("{config:?}");
    let provider = HttpProvider::new(config).expect("a good configuration");
    let error = provider.charge(&charge()).await.expect_err("nobody is there");
    for text in [shown, format!("{provider:?}"), format!("{error:?} {error}"), format!("{:?}", charge())] {
        assert!(!text.contains(KEY) && !text.contains(TOKEN), "{text}");
    }
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    for (base_url, key) in
        [("", "k"), ("provider.example", "k"), ("mailto:a@b.example", "k"), ("http://a.example", "k\n")]
    {
        let refused = HttpProvider::new(ProviderConfig::new(base_url, Secret::new(key)));
        assert_eq!(refused.map_err(|error| error.kind).err(), Some(PortErrorKind::Rejected), "{base_url:?} {key:?}");
    }
}
