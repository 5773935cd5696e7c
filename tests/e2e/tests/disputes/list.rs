//! GET /disputes.

use crate::support::TestApp;

// B12: newest first, and by status.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn disputes_by_status() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (first, second) = (shop.disputed(300).await, shop.disputed(400).await);
    let ids = |disputes: Vec<serde_json::Value>| disputes.iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(shop.all("/disputes").await), [second["id"].clone(), first["id"].clone()]);
    assert_eq!(ids(shop.all("/disputes?status=needs_response").await).len(), 2);
    assert_eq!(ids(shop.all("/disputes?status=won").await).len(), 0);
    assert_eq!(shop.get("/disputes?status=maybe").await.faults(), ["status unknown_value"]);
    assert_eq!(ids(app.sign_up().await.all("/disputes").await).len(), 0, "a stranger's list");
}
