//! POST /webhook_endpoints/{id}/rotate_secret.

use serde_json::json;

use crate::support::{Receiver, TestApp};

// K2: for a day both secrets prove a request.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_old_secret_and_the_new_one_prove_the_next_request() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let receiver = Receiver::start();
    let endpoint = shop.endpoint(&receiver.url, &json!({ "types": ["order.created"] })).await;
    let path = format!("/webhook_endpoints/{}/rotate_secret", endpoint["id"].as_str().expect("an id"));
    let rotated = shop.post(&path).json(&json!({})).await.ok(200);
    assert!(rotated["previous_secret_expires_at"].is_string());
    shop.order(500, "EUR").await;
    let received = receiver.requests(1).await;
    for secret in [&endpoint["secret"], &rotated["secret"]] {
        assert!(received[0].is_proved_by(secret.as_str().expect("a secret")));
    }
    let key = shop.post(&path).json(&json!({ "signature": "ed25519" })).await.ok(200);
    assert!(key["public_key"].as_str().is_some_and(|key| key.starts_with("whpk_")) && key["secret"].is_null());
    shop.order(500, "EUR").await;
    let received = receiver.requests(2).await;
    let signatures = received[1].header("webhook-signature").to_owned();
    assert!(signatures.starts_with("v1a,") && signatures.contains(" v1,"), "{signatures}");
    assert!(received[1].is_proved_by(rotated["secret"].as_str().expect("a secret")));
    // K1: what anybody of the tenant is shown is enough to know that a request is Coffer's.
    let shown = shop.get(format!("/webhook_endpoints/{}", endpoint["id"].as_str().expect("an id"))).await.ok(200);
    assert!(received[1].is_signed_by(shown["public_key"].as_str().expect("a key")));
    assert!(!received[0].is_signed_by(shown["public_key"].as_str().expect("a key")), "it was not of that kind yet");
}
