//! POST /statements: a provider's statement is taken in, matched with the ledger, and what differs is listed.

use serde_json::{Value, json};

use crate::support::{Answer, Shop, TestApp, id, new_key};

fn line(reference: &str, kind: &str, amount: i64) -> Value {
    json!({ "reference": reference, "kind": kind, "amount": amount, "currency": "EUR" })
}

/// The provider's statement of what the shop has done since the payment was asked for.
async fn statement_since(shop: &Shop, payment: &Value, lines: &[Value]) -> Value {
    // A moment after all of it, by the clock of the stack.
    let to = shop.order(1, "EUR").await["created_at"].clone();
    json!({ "provider": "sandbox", "from": payment["created_at"], "to": to, "lines": lines })
}

async fn told(shop: &Shop, path: &str) -> Vec<(Value, Value, Value)> {
    let all = shop.all(path).await;
    all.iter()
        .map(|it| (it["kind"].clone(), it["line"]["number"].clone(), it["ledger"]["payment_id"].clone()))
        .collect()
}

fn expected(kind: &str, line: Option<i64>, payment: Option<&Value>) -> (Value, Value, Value) {
    (json!(kind), json!(line), payment.map_or(Value::Null, |payment| payment["id"].clone()))
}

// C7: one line is right, one has another amount, one is of nothing, one payment is left out.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_statement_is_matched_and_its_differences_are_listed() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let right = shop.paid(500, "EUR").await;
    let wrong = shop.paid(700, "EUR").await;
    let left_out = shop.paid(900, "EUR").await;
    shop.refund(&right, &json!({ "amount": 200 })).await.ok(202);
    let refund = shop.settled_refunds(&right).await.remove(0);
    let charge = app.aws().provider().await.charge(&right, 1).await.expect("it was charged");
    let lines = [
        line(id(&charge), "charge", 500),
        line(id(&wrong), "charge", 690),
        line("ch_of_nobody", "charge", 10),
        line(id(&refund), "refund", -200),
        line("fee_1", "fee", -30),
    ];
    let body = statement_since(&shop, &right, &lines).await;
    let before = shop.balance("acc_merchant_eur").await;

    let key = new_key();
    let answer: Answer = shop.post("/statements").key(&key).json(&body).await;
    let taken = answer.ok(202);
    assert_eq!((&taken["status"], &taken["lines"], &taken["counts"]), (&json!("processing"), &json!(5), &Value::Null));
    let path = format!("/statements/{}", id(&taken));
    assert_eq!(answer.header("location"), Some(format!("/api/v1{path}").as_str()));
    let again = shop.post("/statements").key(&key).json(&body).await;
    assert_eq!((again.ok(202), again.header("idempotent-replayed")), (taken.clone(), Some("true")));

    let matched = shop.in_status("succeeded", path.clone()).await;
    let counts = json!({
        "matched": 2, "not_compared": 1, "missing_in_ledger": 1, "missing_at_provider": 1, "amount_differs": 1,
        "currency_differs": 0, "duplicate_line": 0, "not_final": 0,
    });
    assert_eq!(matched["counts"], counts);
    let differences = format!("{path}/differences");
    let all = [
        expected("missing_in_ledger", Some(3), None),
        expected("missing_at_provider", None, Some(&left_out)),
        expected("amount_differs", Some(2), Some(&wrong)),
    ];
    assert_eq!(told(&shop, &differences).await, all);
    let of_kind = shop.get(format!("{differences}?kind=amount_differs")).await.ok(200);
    let difference = &of_kind["data"][0];
    assert_eq!((&difference["line"]["amount"], &difference["ledger"]["amount"]), (&json!(690), &json!(700)));
    assert_eq!(of_kind["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(shop.all("/statements").await, [matched]);
    assert_eq!(shop.balance("acc_merchant_eur").await, before, "a statement moves no money");
}

// C7: as long as a bank has not decided, the provider has the money and so have we.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_dispute_is_matched_with_its_opening() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let first = shop.paid(100, "EUR").await;
    let dispute = shop.disputed(700).await;
    let disputed = dispute["payment_id"].as_str().expect("an id");
    let lines = [line(id(&first), "charge", 100), line(disputed, "charge", 700), line(id(&dispute), "dispute", -700)];
    let body = statement_since(&shop, &first, &lines).await;
    let taken = shop.post("/statements").key(&new_key()).json(&body).await.ok(202);
    let matched = shop.in_status("succeeded", format!("/statements/{}", id(&taken))).await;
    assert_eq!(matched["counts"]["matched"], 3, "{matched}");
    assert_eq!(told(&shop, &format!("/statements/{}/differences", id(&taken))).await, []);
}

// C7, A4: what is no statement is refused, every fault at once; a key is needed.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_statement_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let good = json!({
        "provider": "sandbox", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z",
        "lines": [line("ch_1", "charge", 1)],
    });
    shop.post("/statements").json(&good).await.problem(400, "idempotency_key_required");
    let mut bad = good.clone();
    bad["to"] = json!("2999-01-01T00:00:00Z");
    bad["lines"] = json!([line("ch_1", "refund", 5), line("ch 2", "charge", 5)]);
    let faults = shop.post("/statements").key(&new_key()).json(&bad).await.faults();
    let expected = ["/lines/0/amount wrong_sign", "/lines/1/reference invalid_reference", "/to in_the_future"];
    assert_eq!(faults, expected);
    assert_eq!(shop.all("/statements").await, Vec::<Value>::new());
}
