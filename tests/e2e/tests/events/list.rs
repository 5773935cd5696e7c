//! GET /events: what happened, newest first.

use serde_json::Value;

use crate::support::TestApp;

// I1: every commit tells its event, once, in order, and of this tenant alone.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_happened_newest_first() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    other.order(100, "EUR").await;
    let (_, payment) = shop.paid_order(100).await;
    shop.refund(&payment, &serde_json::json!({})).await.ok(202);
    shop.settled_refunds(&payment).await;
    let events = shop.all("/events").await;
    let mut types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    types.reverse();
    // What one transaction tells has no order of its own.
    for together in [2..4, 5..7] {
        types.get_mut(together).expect("seven events").sort_by_key(|kind| kind.to_string());
    }
    let expected = [
        "order.created",
        "payment.created",
        "order.paid",
        "payment.succeeded",
        "refund.created",
        "order.refunded",
        "refund.succeeded",
    ];
    assert_eq!(types, expected);
    for event in &events {
        let at = event["created_at"].as_str().expect("a time");
        assert!(at.parse::<jiff::Timestamp>().is_ok(), "{event}");
        assert!(event["data"]["object"]["id"].is_string(), "{event}");
    }
}

// D12
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn events_by_time() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (first, second) = (shop.order(100, "EUR").await, shop.order(100, "EUR").await);
    let since = second["created_at"].as_str().expect("a time");
    for (query, expected) in [
        (format!("?created_from={since}"), vec![&second["id"]]),
        (format!("?created_to={since}"), vec![&first["id"]]),
        ("?created_from=2999-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let events = shop.all(&format!("/events{query}")).await;
        let ids: Vec<&Value> = events.iter().map(|event| &event["data"]["object"]["id"]).collect();
        assert_eq!(ids, expected, "{query}");
    }
}
