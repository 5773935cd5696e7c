//! GET /payments/{id}.

use crate::support::{TestApp, payment_of};

// The shape of DESIGN.md; the card's token is taken and never shown.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_is_shown_without_its_token() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let taken = shop.pay(&payment_of(100, "EUR", "tok_dispute")).await;
    let payment = shop.settled(&taken.ok(202)).await;
    let mut names: Vec<&str> = payment.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "amount",
        "amount_captured",
        "amount_disputed",
        "amount_fee",
        "amount_refunded",
        "capture",
        "capture_before",
        "created_at",
        "currency",
        "description",
        "failure",
        "id",
        "metadata",
        "method",
        "order_id",
        "status",
        "top_up",
        "updated_at",
    ];
    assert_eq!(names, expected);
    assert_eq!(payment["method"], serde_json::json!({ "type": "card" }));
    let events = shop.get("/events").await;
    for answer in [&taken.text, &payment.to_string(), &events.text] {
        assert!(!answer.contains("tok_dispute"), "{answer}");
    }
}

// D4: what cannot be an id is not found, not an error.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_payment_is_not_found() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(100, "EUR").await;
    let order = order["id"].as_str().expect("an id");
    for id in ["pay_01m7z21wcwfb09peqcqcw21n8d", "pay_", "1", "%20", "pay_%F0%9F%98%80", order] {
        shop.get(format!("/payments/{id}")).await.problem(404, "not_found");
    }
}

// D11
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_with_its_order() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(100).await;
    let path = format!("/payments/{}", payment["id"].as_str().expect("an id"));
    for query in ["expand[]=order", "expand%5B%5D=order"] {
        let shown = shop.get(format!("{path}?{query}")).await.ok(200);
        assert_eq!((&shown["order_id"], &shown["order"]), (&order["id"], &order), "{query}");
    }
    let refused = shop.get(format!("{path}?expand[]=customer")).await;
    assert_eq!(refused.faults(), ["expand[] unknown_value"]);
    assert!(refused.text.contains("customer"), "{refused}");
    assert_eq!(shop.get(path).await.ok(200), payment);
}

// RFC 9110, section 13.1.2.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_that_the_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(100, "EUR").await;
    let path = format!("/payments/{}", payment["id"].as_str().expect("an id"));
    let shown = shop.get(&path).await;
    let etag = shown.header("etag").expect("a version");
    let same = shop.get(&path).header("if-none-match", etag).await;
    assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", Some(etag)), "{same}");
    assert_eq!(shop.get(&path).header("if-none-match", "\"0\"").await.ok(200), payment);
}
