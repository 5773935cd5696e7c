//! POST /payments/{id}/capture: payments that are authorised first and taken later.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Party, Shop, TestApp, new_key, payment_of};

/// A payment of an order of 900 EUR cents that waits to be captured.
pub async fn authorized(shop: &Shop, token: &str) -> (Value, Value) {
    let order = shop.order(900, "EUR").await;
    let mut payment = payment_of(900, "EUR", token);
    payment["order_id"] = order["id"].clone();
    payment["capture"] = json!("manual");
    let payment = shop.pay(&payment).await.ok(202);
    let waiting = shop.payment_in("requires_capture", &payment).await;
    assert_eq!((&waiting["capture"], &waiting["amount_captured"]), (&json!("manual"), &json!(0)));
    assert!(waiting["capture_before"].is_string(), "{waiting}");
    (order, payment)
}

async fn capture(party: &Party, payment: &Value, body: &Value, key: &str) -> Answer {
    party.post(format!("/payments/{}/capture", payment["id"].as_str().expect("an id"))).key(key).json(body).await
}

// B3, A1: all of it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_authorised_payment_is_captured() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = authorized(&shop, "tok_success").await;
    assert_eq!(shop.all("/accounts").await, Vec::<Value>::new(), "nothing is booked before it is captured");
    let key = new_key();
    let first = capture(&shop, &payment, &json!({}), &key).await;
    assert_eq!(first.json()["status"], "processing", "{first}");
    shop.payment_in("succeeded", &payment).await;
    shop.order_in("paid", &order).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (900, 0));
    let again = capture(&shop, &payment, &json!({}), &key).await;
    assert_eq!((again.status, &again.text), (202, &first.text), "the first answer is given again");
    capture(&shop, &payment, &json!({}), &new_key()).await.problem(409, "illegal_state");
    let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        types,
        ["payment.created", "payment.requires_capture", "payment.capture_requested", "payment.succeeded"]
    );
}

// B3: part of it; the rest of the order may be paid by another payment, and only the part refunded.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_part_is_captured() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = authorized(&shop, "tok_success").await;
    let problem = capture(&shop, &payment, &json!({ "amount": 901 }), &new_key()).await;
    assert_eq!(problem.problem(422, "amount_exceeds_capturable")["capturable_amount"], 900);
    for faulty in [json!({ "amount": 0 }), json!({ "amount": 1.5 }), json!({ "sum": 1 })] {
        capture(&shop, &payment, &faulty, &new_key()).await.problem(400, "invalid_fields");
    }
    capture(&shop, &payment, &json!({ "amount": 300 }), &new_key()).await.ok(202);
    let captured = shop.payment_in("succeeded", &payment).await;
    assert_eq!((&captured["amount"], &captured["amount_captured"]), (&json!(900), &json!(300)));
    shop.refund(&payment, &json!({ "amount": 301 })).await.problem(422, "amount_exceeds_refundable");
    let mut rest = payment_of(600, "EUR", "tok_success");
    rest["order_id"] = order["id"].clone();
    shop.pay(&rest).await.ok(202);
    shop.order_in("paid", &order).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (900, 0));
}

// B3, B16: ten captures at once take the money once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_captures_are_one() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (_, payment) = authorized(&shop, "tok_success").await;
    let body = json!({ "amount": 100 });
    let answers = join_all((0..10).map(async |_| capture(&shop, &payment, &body, &new_key()).await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(answer.status, 409, "{answer}");
    }
    let captured = shop.payment_in("succeeded", &payment).await;
    assert_eq!(captured["amount_captured"], 100);
    assert_eq!(shop.balance("acc_merchant_eur").await, (100, 0));
}
