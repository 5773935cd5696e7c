//! POST /payments/bulk.

use serde_json::{Value, json};

use crate::support::{TestApp, new_key, payment_of};

// B18: each by itself, told in order; the good ones settle like any other.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn good_payments_are_taken_in_and_faulty_ones_told() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut of_nobody = payment_of(5, "EUR", "tok_success");
    of_nobody["order_id"] = "ord_01m7z21wcwfb09peqcqcw21n8d".into();
    let payments = json!([payment_of(100, "EUR", "tok_success"), payment_of(0, "EUR", "tok_success"), of_nobody, 7]);
    let answer = shop.post("/payments/bulk").key(&new_key()).json(&json!({ "payments": payments })).await.ok(200);
    let results = answer["results"].as_array().expect("results");
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [202, 400, 404, 400]);
    assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "/payments/1/amount");
    assert_eq!(results[2]["problem"]["code"], "not_found");
    shop.payment_in("succeeded", &results[0]["payment"]).await;
    assert_eq!(shop.all("/payments").await.len(), 1);
}

// A1, A2: a key is good for one body, and its answer is given again.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_repeated_bulk_is_answered_as_the_first() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let key = new_key();
    let bulk = |count: i64| {
        let payments: Vec<Value> = (1..=count).map(|amount| payment_of(amount, "EUR", "tok_success")).collect();
        json!({ "payments": payments })
    };
    let first = shop.post("/payments/bulk").key(&key).json(&bulk(12)).await;
    first.ok(200);
    let again = shop.post("/payments/bulk").key(&key).json(&bulk(12)).await;
    assert_eq!((&again.text, again.header("idempotent-replayed")), (&first.text, Some("true")));
    shop.post("/payments/bulk").key(&key).json(&bulk(13)).await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.all("/payments").await.len(), 12);
    let answer = shop.post("/payments/bulk").key(&new_key()).json(&bulk(101)).await;
    assert_eq!(answer.faults(), ["/payments invalid_length"]);
    shop.post("/payments/bulk").json(&bulk(1)).await.problem(400, "idempotency_key_required");
}
