//! GET /tenants/me.

use crate::support::TestApp;

// F1: each sees its own.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn one_s_own_tenant() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    for shop in [&shop, &other] {
        let answer = shop.get("/tenants/me").await;
        assert_eq!(answer.ok(200)["id"], shop.tenant.as_str());
        assert!(answer.header("etag").is_some(), "{answer}");
    }
    assert_ne!(shop.tenant, other.tenant);
}
