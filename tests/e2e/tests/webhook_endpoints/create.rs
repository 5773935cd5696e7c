//! POST /webhook_endpoints, and what then comes to the receiver.

use serde_json::json;

use crate::support::{Receiver, TestApp, new_key};

// K1, K14: real requests to a real receiver, proved by the specification's own library.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_is_told_to_those_who_want_it_and_proved_by_the_public_library() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let (receiver, elsewhere, theirs) = (Receiver::start(), Receiver::start(), Receiver::start());
    let endpoint = shop.endpoint(&receiver.url, &json!({ "types": ["payment.succeeded"] })).await;
    shop.endpoint(&elsewhere.url, &json!({ "types": ["order.*"] })).await;
    other.endpoint(&theirs.url, &json!({})).await;
    let (order, payment) = shop.paid_order(500).await;

    let received = receiver.requests(1).await;
    let secret = endpoint["secret"].as_str().expect("shown once");
    assert!(received[0].is_proved_by(secret));
    assert!(!received[0].is_proved_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let body = received[0].json();
    assert_eq!((&body["type"], &body["data"]["data"]["object"]["id"]), (&json!("payment.succeeded"), &payment["id"]));
    assert_eq!(body["data"]["id"], received[0].header("webhook-id"));
    let event = shop.get(format!("/events/{}", received[0].header("webhook-id"))).await.ok(200);
    assert_eq!(body, json!({ "type": event["type"], "timestamp": event["created_at"], "data": event }));

    let orders = elsewhere.requests(2).await;
    assert!(orders.iter().all(|one| one.json()["data"]["data"]["object"]["id"] == order["id"]));
    assert_eq!(theirs.received().len(), 0, "nobody hears of another tenant's");
}

// K10: no address inside, in any spelling; K9, K14: all faults at once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn urls_that_lead_inside_are_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for url in [
        "http://shop.example/hooks",
        "https://10.0.0.1/hooks",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://user:pass@shop.example/",
        "https://shop.example@169.254.169.254/",
        "https://intranet/",
        "https://db.internal/",
        "https://shop.example:22/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ] {
        let answer = shop.post("/webhook_endpoints").key(&new_key()).json(&json!({ "url": url })).await;
        let faults = answer.faults();
        assert!(matches!(&faults[..], [fault] if fault.starts_with("/url ")), "{url}: {faults:?}");
    }
    let body = json!({ "url": 1, "types": ["payment.exploded"], "rate_limit_per_second": 0, "ordered": "yes", "signature": "rsa" });
    let answer = shop.post("/webhook_endpoints").key(&new_key()).json(&body).await;
    let expected = [
        "/ordered invalid_type",
        "/rate_limit_per_second out_of_range",
        "/signature unknown_value",
        "/types unknown_value",
        "/url invalid_type",
    ];
    assert_eq!(answer.faults(), expected);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_secret_is_shown_once_and_the_same_request_is_answered_with_it_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (key, body) = (new_key(), json!({ "url": "https://hooks.shop.example/", "description": "Warehouse" }));
    let first = shop.post("/webhook_endpoints").key(&key).json(&body).await;
    let again = shop.post("/webhook_endpoints").key(&key).json(&body).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let made = first.ok(201);
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let shown = shop.get(format!("/webhook_endpoints/{}", made["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!((&shown["description"], shown.get("secret")), (&json!("Warehouse"), None));
    assert_eq!(shop.all("/webhook_endpoints").await.len(), 1);
}
