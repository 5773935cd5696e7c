//! GET /webhook_endpoints/{id}/deliveries: what fails comes again, and each attempt is in the log.

use serde_json::{Value, json};

use crate::support::{Receiver, SOON, TestApp, eventually};

// K3, K5, K12: 500, then 200 five seconds later.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_failed_is_sent_again_with_the_same_bytes() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let receiver = Receiver::start();
    receiver.will_answer(&[500]);
    let endpoint = shop.endpoint(&receiver.url, &json!({ "types": ["order.created"] })).await;
    let order = shop.order(500, "EUR").await;
    let received = receiver.requests(2).await;
    let secret = endpoint["secret"].as_str().expect("a secret");
    assert!(received.iter().all(|one| one.is_proved_by(secret)));
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));

    let path = format!("/webhook_endpoints/{}/deliveries", endpoint["id"].as_str().expect("an id"));
    let done = eventually("the delivery to be done", SOON, async || {
        let deliveries = shop.all(&path).await;
        let done = deliveries.iter().find(|delivery| delivery["status"] == "succeeded");
        done.cloned().ok_or_else(|| format!("{deliveries:?}"))
    })
    .await;
    let codes: Vec<&Value> =
        done["attempts"].as_array().expect("a log").iter().map(|attempt| &attempt["status_code"]).collect();
    assert_eq!(codes, [&json!(500), &json!(200)]);
    assert_eq!((&done["attempts"][0]["response"], &done["type"]), (&json!("heard"), &json!("order.created")));
    let event = shop.get(format!("/events/{}", done["event_id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(event["data"]["object"]["id"], order["id"]);
    assert_eq!(shop.get(format!("{path}?status=failed")).await.ok(200)["data"], json!([]));
}

// K6: 410 disables, and the tenant is told.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_receiver_that_is_gone_is_disabled() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (gone, other) = (Receiver::start(), Receiver::start());
    gone.will_answer(&[410]);
    let endpoint = shop.endpoint(&gone.url, &json!({ "types": ["order.*"] })).await;
    shop.endpoint(&other.url, &json!({ "types": ["webhook_endpoint.*"] })).await;
    shop.order(500, "EUR").await;
    let told = other.requests(1).await;
    assert_eq!(told[0].json()["type"], "webhook_endpoint.disabled");
    let shown = shop.get(format!("/webhook_endpoints/{}", endpoint["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
}

// K13: the first event fails, and the second waits for it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn in_order_where_asked() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let receiver = Receiver::start();
    receiver.will_answer(&[503]);
    shop.endpoint(&receiver.url, &json!({ "types": ["order.created"], "ordered": true })).await;
    let orders = [shop.order(100, "EUR").await, shop.order(200, "EUR").await, shop.order(300, "EUR").await];
    let received = receiver.requests(4).await;
    let told: Vec<Value> = received.iter().map(|one| one.json()["data"]["data"]["object"]["id"].clone()).collect();
    let [first, second, third] = orders.map(|order| order["id"].clone());
    assert_eq!(told, [first.clone(), first, second, third]);
}
