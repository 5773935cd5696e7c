//! POST /orders/{id}/cancel.

use serde_json::{Value, json};

use crate::support::{Party, TestApp};

async fn cancel(party: &Party, order: &Value) -> crate::support::Answer {
    party.post(format!("/orders/{}/cancel", order["id"].as_str().expect("an id"))).await
}

// B1
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_open_order_is_cancelled_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(100, "EUR").await;
    let cancelled = cancel(&shop, &order).await.ok(200);
    assert_eq!(cancelled["status"], "cancelled");
    let problem = cancel(&shop, &order).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("cancelled"), &json!([])));
    let types: Vec<Value> = shop.events_of(&order).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["order.created", "order.cancelled"]);
}

// B1: an order with money in it is refunded, not cancelled.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_paid_order_is_not_cancelled() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, _) = shop.paid_order(100).await;
    let problem = cancel(&shop, &order).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("paid"), &json!(["fulfilled", "refunded"])));

    let part = shop.order(100, "EUR").await;
    let mut payment = crate::support::payment_of(40, "EUR", "tok_success");
    payment["order_id"] = part["id"].clone();
    let payment = shop.pay(&payment).await.ok(202);
    shop.payment_in("succeeded", &payment).await;
    cancel(&shop, &part).await.problem(409, "illegal_state");
    let refund = shop.refund(&payment, &json!({})).await.ok(202);
    assert_eq!(refund["amount"], 40);
    shop.settled_refunds(&payment).await;
    assert_eq!(cancel(&shop, &part).await.ok(200)["status"], "cancelled", "once its money went back");
}

// B1: parallel cancels are one.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_cancels_are_one() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(100, "EUR").await;
    let answers = futures_util::future::join_all((0..8).map(async |_| cancel(&shop, &order).await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.status, 409, "{answer}");
    }
    assert_eq!(shop.events_of(&order).await.len(), 2);
}
