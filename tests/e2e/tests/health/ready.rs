//! GET /health/ready. What it says without Redis is in `bad_days::redis`.

use serde_json::json;

use crate::support::TestApp;

// M6
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn it_is_ready_and_whole() {
    let app = TestApp::start().await;
    let expected = json!({ "status": "ready", "table": "ok", "cache": "ok", "degraded": false });
    assert_eq!(app.anyone.get("/health/ready").await.ok(200), expected);
}

// M13: this whole suite runs against an endpoint that checks who calls.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_stack_runs_with_iam_enforced() {
    let app = TestApp::start().await;
    let status = app.aws().status_of_unsigned_call().await;
    assert!((400..500).contains(&status), "a call without a signature was answered {status}");
}
