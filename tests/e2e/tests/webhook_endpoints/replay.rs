//! POST /webhook_endpoints/{id}/replay and /test.

use serde_json::json;

use crate::support::{Receiver, TestApp, new_key};

// K11: one event, and what was never sent.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_was_sent_and_what_never_was_comes_when_it_is_asked_for() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let before = shop.order(100, "EUR").await;
    let began = before["created_at"].clone();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let receiver = Receiver::start();
    let endpoint = shop.endpoint(&receiver.url, &json!({ "types": ["order.created"] })).await;
    let path = format!("/webhook_endpoints/{}", endpoint["id"].as_str().expect("an id"));
    shop.order(200, "EUR").await;
    let sent = receiver.requests(1).await[0].header("webhook-id").to_owned();

    let replay = |body| shop.post(format!("{path}/replay")).key(&new_key()).json(&body);
    replay(json!({ "never_sent_since": began })).await.ok(202);
    let received = receiver.requests(2).await;
    assert_eq!(received[1].json()["data"]["data"]["object"]["id"], before["id"]);
    replay(json!({ "event_id": sent })).await.ok(202);
    let received = receiver.requests(3).await;
    assert_eq!(received[2].header("webhook-id"), sent);
    replay(json!({ "event_id": "evt_01m7z21wcwfb09peqcqcw21n8d" })).await.problem(404, "not_found");
    replay(json!({})).await.problem(400, "invalid_fields");
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_test_event_goes_to_its_endpoint_alone() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let endpoint = shop.endpoint(&receiver.url, &json!({ "types": ["refund.failed"] })).await;
    shop.endpoint(&other.url, &json!({})).await;
    let path = format!("/webhook_endpoints/{}/test", endpoint["id"].as_str().expect("an id"));
    let asked = shop.post(&path).key(&new_key()).json(&json!({})).await.ok(202);
    let received = receiver.requests(1).await;
    assert_eq!(asked["event_id"], received[0].header("webhook-id"));
    assert_eq!(received[0].json()["type"], "webhook_endpoint.test");
    assert!(received[0].is_proved_by(endpoint["secret"].as_str().expect("a secret")));
    assert_eq!(other.received().len(), 0);
}
