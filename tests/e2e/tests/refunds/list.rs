//! GET /payments/{id}/refunds.

use serde_json::{Value, json};

use crate::support::TestApp;

// Newest first; a payment without refunds is told from one that is not there.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_refunds_of_one_payment() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (payment, other) = (shop.paid(500, "EUR").await, shop.paid(500, "EUR").await);
    let path = |payment: &Value| format!("/payments/{}/refunds", payment["id"].as_str().expect("an id"));
    let first = shop.refund(&payment, &json!({ "amount": 10 })).await.ok(202);
    let second = shop.refund(&payment, &json!({ "amount": 20 })).await.ok(202);
    let listed = shop.all(&path(&payment)).await;
    let ids: Vec<&Value> = listed.iter().map(|refund| &refund["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]]);
    assert_eq!(shop.get(path(&other)).await.ok(200), json!({ "data": [], "next_cursor": null }));
    shop.get("/payments/pay_01m7z21wcwfb09peqcqcw21n8d/refunds").await.problem(404, "not_found");
}

// D11
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn refunds_with_their_payment_and_its_order() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(500).await;
    shop.refund(&payment, &json!({ "amount": 10 })).await.ok(202);
    let path = format!("/payments/{}/refunds", payment["id"].as_str().expect("an id"));
    let shown = shop.get(format!("{path}?expand[]=payment.order")).await.ok(200);
    let shown = &shown["data"][0]["payment"];
    assert_eq!((&shown["id"], &shown["order"]["id"]), (&payment["id"], &order["id"]));
    assert_eq!(shop.get(format!("{path}?expand[]=payment.order.lines")).await.faults(), ["expand[] unknown_value"]);
}
