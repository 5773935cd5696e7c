//! The provider's API call by call, over the book in memory.

use std::collections::BTreeMap;

use sandbox::MemoryBook;
use serde_json::{Value, json};

use super::*;

const API_KEY: &str = "sk_sandbox_1";

struct Provider {
    book: MemoryBook,
    api_key: Secret,
    told: Told,
}

/// What the client was told.
#[derive(Default)]
struct Told(std::sync::Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Listener for Told {
    async fn hear(&self, event: &Value) {
        self.0.lock().expect("no panic before").push(format!("{} {}", event["id"], event["type"]).replace('"', ""));
    }
}

impl Provider {
    fn new() -> Self {
        Self { book: MemoryBook::default(), api_key: Secret::new(API_KEY), told: Told::default() }
    }

    async fn send(&self, request: Request) -> (u16, Value) {
        let (api_key, dawdle) = (&self.api_key, DAWDLE);
        let deps = Deps { book: &self.book, api_key, dawdle, listener: Some(&self.told) };
        let Served { response, .. } = answer(deps, &request).await;
        (response.status, serde_json::from_str(&response.body).expect("JSON"))
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        self.send(request("POST", path, &[("idempotency-key", key)], &[], &body.to_string())).await
    }

    async fn by_key(&self, method: &str, path: &str, key: &str) -> (u16, Value) {
        self.send(request(method, path, &[], &[("idempotency_key", key)], "")).await
    }

    async fn charge(&self, key: &str, token: &str) -> (u16, Value) {
        self.post("/v1/charges", key, json!({"amount": 1_000, "currency": "EUR", "token": token})).await
    }

    async fn refund(&self, key: &str, charge: &str, amount: i64) -> (u16, Value) {
        self.post("/v1/refunds", key, json!({"charge": charge, "amount": amount, "currency": "EUR"})).await
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], query: &[(&str, &str)], body: &str) -> Request {
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        path_parameters: BTreeMap::new(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
        request_id: "req-1".to_owned(),
        ..Request::default()
    };
    for (name, value) in [("authorization", "Bearer sk_sandbox_1")].iter().chain(headers) {
        let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        request.headers.insert(name, value.parse().expect("a header's value"));
    }
    request
}

fn code((status, body): &(u16, Value)) -> (u16, &str) {
    (*status, body["error"]["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_charge_is_shown_whole_and_a_key_charges_once() {
    let provider = Provider::new();
    let made = provider.charge("pay_1-1", "tok_success").await;
    let charge = json!({
        "id": "ch_pay_1-1", "status": "succeeded", "decline_code": null, "amount": 1_000, "currency": "EUR",
        "capture": "automatic", "amount_captured": 1_000, "amount_refunded": 0, "dispute": null,
        "client_reference": null, "idempotency_key": "pay_1-1",
    });
    assert_eq!(made, (200, charge.clone()));
    assert_eq!(provider.charge("pay_1-1", "tok_success").await, made);
    assert_eq!(provider.by_key("GET", "/v1/charges", "pay_1-1").await, (200, json!({"data": [charge]})));
    assert_eq!(provider.by_key("GET", "/v1/charges", "pay_2-1").await, (200, json!({"data": []})));

    for other in [
        json!({"amount": 1_001, "currency": "EUR", "token": "tok_success"}),
        json!({"amount": 1_000, "currency": "USD", "token": "tok_success"}),
        json!({"amount": 1_000, "currency": "EUR", "token": "tok_dispute"}),
        json!({"amount": 1_000, "currency": "EUR", "token": "tok_success", "capture": "manual"}),
    ] {
        let reused = provider.post("/v1/charges", "pay_1-1", other.clone()).await;
        assert_eq!(code(&reused), (422, "idempotency_key_reused"), "{other}");
    }
}

#[tokio::test]
async fn each_token_does_what_it_says() {
    let provider = Provider::new();
    for (token, expected) in [
        ("tok_declined_insufficient_funds", (402, "insufficient_funds")),
        ("tok_declined_do_not_honor", (402, "do_not_honor")),
        ("tok_declined_expired_card", (402, "expired_card")),
        ("tok_unheard_of", (402, "invalid_token")),
    ] {
        for _ in 0..2 {
            assert_eq!(code(&provider.charge(token, token).await), expected, "{token}");
        }
        let (_, found) = provider.by_key("GET", "/v1/charges", token).await;
        assert_eq!(
            (&found["data"][0]["status"], &found["data"][0]["decline_code"]),
            (&json!("declined"), &json!(expected.1))
        );
    }
    let (_, disputed) = provider.charge("d", "tok_dispute").await;
    assert_eq!((&disputed["status"], &disputed["dispute"]["status"]), (&json!("succeeded"), &json!("needs_response")));
    for _ in 0..2 {
        assert_eq!(code(&provider.charge("f", "tok_flaky").await), (503, "unavailable"));
        assert_eq!(provider.by_key("GET", "/v1/charges", "f").await, (200, json!({"data": []})), "nothing is charged");
    }
    assert_eq!(provider.charge("f", "tok_flaky").await.1["status"], "succeeded");
    assert_eq!(provider.charge("f", "tok_flaky").await.1["status"], "succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_times_out_is_made_before_the_wait_and_waits_once() {
    let provider = Provider::new();
    let began = tokio::time::Instant::now();
    let impatient = tokio::time::timeout(Duration::from_secs(3), provider.charge("t", "tok_timeout")).await;
    assert!(impatient.is_err());
    assert_eq!(provider.by_key("GET", "/v1/charges", "t").await.1["data"][0]["status"], "succeeded");
    assert_eq!(provider.charge("t", "tok_timeout").await.1["status"], "succeeded");
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(provider.charge("u", "tok_timeout").await.1["status"], "succeeded");
    assert_eq!(began.elapsed(), Duration::from_secs(3) + DAWDLE);
}

#[tokio::test]
async fn a_charge_waits_for_its_customer_or_is_given_up() {
    let provider = Provider::new();
    for (key, first, then, comes_to) in [
        ("a", "/v1/charges/authenticate", "/v1/charges/cancel", "succeeded"),
        ("c", "/v1/charges/cancel", "/v1/charges/authenticate", "cancelled"),
    ] {
        assert_eq!(provider.charge(key, "tok_requires_action").await.1["status"], "requires_action");
        for path in [first, then, first] {
            assert_eq!(provider.by_key("POST", path, key).await.1["status"], comes_to, "{path}");
        }
        assert_eq!(provider.charge(key, "tok_requires_action").await.1["status"], comes_to);
    }
    assert_eq!(code(&provider.by_key("POST", "/v1/charges/cancel", "nobody-s").await), (404, "charge_not_found"));
}

#[tokio::test]
async fn a_charge_by_hand_waits_to_be_captured_or_given_up() {
    let provider = Provider::new();
    let by_hand = json!({"amount": 1_000, "currency": "EUR", "token": "tok_success", "capture": "manual"});
    let capture = async |key: &str, amount: i64| {
        let query = [("idempotency_key", key)];
        let body = json!({"amount": amount}).to_string();
        provider.send(request("POST", "/v1/charges/capture", &[], &query, &body)).await
    };
    assert_eq!(provider.post("/v1/charges", "a", by_hand.clone()).await.1["status"], "authorized");
    assert_eq!(code(&provider.refund("r", "ch_a", 1).await), (402, "charge_not_succeeded"));
    for amount in [400, 1_000] {
        let (status, captured) = capture("a", amount).await;
        assert_eq!(
            (status, &captured["status"], &captured["amount_captured"]),
            (200, &json!("succeeded"), &json!(400))
        );
    }
    assert_eq!(code(&provider.refund("s", "ch_a", 401).await), (402, "amount_too_large"));
    provider.post("/v1/charges", "b", by_hand).await;
    assert_eq!(provider.by_key("POST", "/v1/charges/cancel", "b").await.1["status"], "cancelled");
    assert_eq!(capture("b", 1).await.1["status"], "cancelled");
    assert_eq!(code(&capture("a", 0).await), (400, "invalid_amount"));
    assert_eq!(code(&capture("nobody-s", 1).await), (404, "charge_not_found"));
}

#[tokio::test]
async fn a_dispute_is_answered_and_decided_once() {
    let provider = Provider::new();
    for (key, evidence, comes_to) in [
        ("w", "winning_evidence", "won"),
        ("l", "losing_evidence", "lost"),
        ("r", "The parcel was signed for", "under_review"),
    ] {
        let (_, charge) = provider.charge(key, "tok_dispute").await;
        let dispute = &charge["dispute"];
        assert_eq!((&dispute["amount"], &dispute["reason"]), (&json!(1_000), &json!("fraudulent")));
        let path = format!("/v1/disputes/{}/answer", dispute["id"].as_str().expect("an id"));
        for _ in 0..2 {
            let (status, answered) = provider.post(&path, key, json!({ "evidence": evidence })).await;
            assert_eq!((status, &answered["status"]), (200, &json!(comes_to)));
        }
    }
    provider.charge("n", "tok_success").await;
    for unknown in ["dp_n", "dp_x", "ch_w"] {
        let path = format!("/v1/disputes/{unknown}/answer");
        assert_eq!(code(&provider.post(&path, "k", json!({ "evidence": "x" })).await), (404, "dispute_not_found"));
    }
}

#[tokio::test]
async fn the_client_is_told_what_others_did() {
    let provider = Provider::new();
    provider.charge("s", "tok_success").await;
    provider.charge("a", "tok_requires_action").await;
    provider.by_key("POST", "/v1/charges/authenticate", "a").await;
    provider.charge("d", "tok_dispute").await;
    provider.post("/v1/disputes/dp_d/answer", "k", json!({ "evidence": "winning_evidence" })).await;
    let told = provider.told.0.into_inner().expect("no panic before");
    assert_eq!(
        told,
        ["evt_a_succeeded charge.updated", "evt_d_needs_response dispute.updated", "evt_d_won dispute.updated"]
    );
}

#[tokio::test]
async fn refunds_end_at_what_was_charged() {
    let provider = Provider::new();
    provider.charge("pay_1-1", "tok_success").await;
    let first = provider.refund("ref_1-1", "ch_pay_1-1", 700).await;
    let refund = json!({
        "id": "re_ref_1-1", "charge": "ch_pay_1-1", "status": "succeeded", "refusal_code": null, "amount": 700,
        "currency": "EUR", "idempotency_key": "ref_1-1",
    });
    assert_eq!(first, (200, refund));
    assert_eq!(provider.refund("ref_1-1", "ch_pay_1-1", 700).await, first);
    for _ in 0..2 {
        assert_eq!(code(&provider.refund("ref_2-1", "ch_pay_1-1", 301).await), (402, "amount_too_large"));
    }
    let (_, found) = provider.by_key("GET", "/v1/refunds", "ref_2-1").await;
    assert_eq!(
        (&found["data"][0]["status"], &found["data"][0]["refusal_code"]),
        (&json!("refused"), &json!("amount_too_large"))
    );
    assert_eq!(provider.refund("ref_3-1", "ch_pay_1-1", 300).await.0, 200);
    assert_eq!(provider.by_key("GET", "/v1/charges", "pay_1-1").await.1["data"][0]["amount_refunded"], 1_000);
    assert_eq!(code(&provider.refund("ref_1-1", "ch_pay_1-1", 1).await), (422, "idempotency_key_reused"));

    provider.charge("pay_2-1", "tok_requires_action").await;
    assert_eq!(code(&provider.refund("ref_4-1", "ch_pay_2-1", 1).await), (402, "charge_not_succeeded"));
    for unknown in ["ch_pay_9-1", "pay_1-1", "", "ch_#"] {
        assert_eq!(code(&provider.refund("ref_5-1", unknown, 1).await), (404, "charge_not_found"), "{unknown}");
    }
    let dollars = json!({"charge": "ch_pay_1-1", "amount": 1, "currency": "USD"});
    assert_eq!(code(&provider.post("/v1/refunds", "ref_6-1", dollars).await), (400, "currency_mismatch"));
    assert_eq!(provider.by_key("GET", "/v1/refunds", "ref_6-1").await, (200, json!({"data": []})));
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let provider = Provider::new();
    let body = |amount: Value, currency: &str| json!({"amount": amount, "currency": currency, "token": "tok_success"});
    for (body, expected) in [
        (body(json!(0), "EUR"), "invalid_amount"),
        (body(json!(-1), "EUR"), "invalid_amount"),
        (body(json!(1.5), "EUR"), "invalid_body"),
        (body(json!("1"), "EUR"), "invalid_body"),
        (body(json!(1), "eur"), "invalid_currency"),
        (json!({"amount": 1, "currency": "EUR"}), "invalid_body"),
        (json!({"amount": 1, "currency": "EUR", "token": "t", "card": "4242"}), "invalid_body"),
        (json!([]), "invalid_body"),
    ] {
        assert_eq!(code(&provider.post("/v1/charges", "k", body.clone()).await), (400, expected), "{body}");
    }
    let good = body(json!(1), "EUR");
    assert_eq!(code(&provider.post("/v1/charges", "no good", good.clone()).await), (400, "invalid_idempotency_key"));
    let without = request("POST", "/v1/charges", &[], &[], &good.to_string());
    assert_eq!(code(&provider.send(without).await), (400, "idempotency_key_required"));
    let nameless = request("GET", "/v1/charges", &[], &[], "");
    assert_eq!(code(&provider.send(nameless).await), (400, "idempotency_key_required"));
    for (method, path) in [("DELETE", "/v1/charges"), ("GET", "/v1/charges/ch_1"), ("GET", "/")] {
        assert_eq!(code(&provider.by_key(method, path, "k").await), (404, "route_not_found"), "{method} {path}");
    }
}

#[tokio::test]
async fn nothing_is_done_without_the_api_key() {
    let provider = Provider::new();
    for authorization in
        ["", "Bearer", "Bearer ", "Bearer sk_sandbox_2", "Bearer sk_sandbox_1x", "Basic sk_sandbox_1", API_KEY]
    {
        let good = json!({"amount": 1, "currency": "EUR", "token": "tok_success"}).to_string();
        let headers = [("authorization", authorization), ("idempotency-key", "k")];
        let refused = provider.send(request("POST", "/v1/charges", &headers, &[], &good)).await;
        assert_eq!(code(&refused), (401, "unauthorized"), "{authorization}");
    }
    assert_eq!(provider.by_key("GET", "/v1/charges", "k").await, (200, json!({"data": []})));
}
