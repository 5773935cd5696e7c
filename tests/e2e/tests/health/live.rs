//! GET /health/live.

use serde_json::json;

use crate::support::TestApp;

// M6
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn it_lives() {
    let app = TestApp::start().await;
    assert_eq!(app.anyone.get("/health/live").await.ok(200), json!({ "status": "live" }));
}
