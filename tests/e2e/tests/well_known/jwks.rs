//! GET /.well-known/jwks.json. That tokens are verified by this key is in `tokens`.

use serde_json::json;

use crate::support::TestApp;

// E1, E6: one P-256 key, public half alone, and it may be kept for a while.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_public_key() {
    let app = TestApp::start().await;
    let answer = app.anyone.get("/.well-known/jwks.json").await;
    let keys = answer.ok(200)["keys"].as_array().cloned().expect("keys");
    let [key] = &keys[..] else { panic!("not one key: {answer}") };
    for (name, value) in [("kty", "EC"), ("crv", "P-256"), ("use", "sig"), ("alg", "ES256")] {
        assert_eq!(key[name], json!(value), "{key}");
    }
    assert!(key["kid"].is_string() && key["x"].is_string() && key["y"].is_string(), "{key}");
    assert_eq!(key.get("d"), None);
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("max-age")), "{answer}");
}
