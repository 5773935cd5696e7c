//! POST /orders/{id}/fulfil.

use serde_json::{Value, json};

use crate::support::{Answer, Party, TestApp};

async fn fulfil(party: &Party, order: &Value) -> Answer {
    party.post(format!("/orders/{}/fulfil", order["id"].as_str().expect("an id"))).await
}

// B1
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn only_a_paid_order_is_fulfilled() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let open = shop.order(100, "EUR").await;
    let problem = fulfil(&shop, &open).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("open"), &json!(["paid", "cancelled"])));

    let (paid, _) = shop.paid_order(200).await;
    let fulfilled = fulfil(&shop, &paid).await.ok(200);
    assert_eq!((&fulfilled["status"], &fulfilled["amount_paid"]), (&json!("fulfilled"), &json!(200)));
    let problem = fulfil(&shop, &paid).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("fulfilled"), &json!(["refunded"])));
    let types: Vec<Value> = shop.events_of(&paid).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["order.created", "order.paid", "order.fulfilled"]);
}

// B1: a fulfilled order is refunded when all its money goes back.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_fulfilled_order_may_be_refunded() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(200).await;
    fulfil(&shop, &order).await.ok(200);
    shop.refund(&payment, &json!({})).await.ok(202);
    shop.order_in("refunded", &order).await;
}
