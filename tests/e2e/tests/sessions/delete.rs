//! DELETE /sessions/{id}: logging out.

use serde_json::json;

use crate::support::TestApp;

// E5: the access token is refused at once, on every route, and so is the refresh token.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn logging_out_refuses_the_tokens_at_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let other = app.user(&shop.get("/users/me").await.ok(200), &shop.owner.password).await;
    shop.get("/orders").await.ok(200);
    shop.delete(format!("/sessions/{}", shop.owner.session)).await.ok(204);
    for path in ["/orders", "/users/me", "/payments", "/accounts", "/events", "/tenants/me"] {
        shop.get(path).await.problem(401, "token_revoked");
    }
    let refresh = app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": shop.owner.refresh_token }));
    refresh.await.problem(401, "bad_credentials");
    other.get("/users/me").await.ok(200);
    assert_eq!(
        other.delete(format!("/sessions/{}", shop.owner.session)).await.ok(204),
        serde_json::Value::Null,
        "again is no error"
    );
}

// E9: administrators end anybody's session; others only their own, and do not learn whose there are.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn one_s_own_session_or_as_an_administrator_anybody_s() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (admin, viewer) = (shop.add("admin").await, shop.add("viewer").await);
    viewer.delete(format!("/sessions/{}", shop.owner.session)).await.problem(404, "not_found");
    viewer.delete("/sessions/ses_01m7z21wcwfb09peqcqcw21n8d").await.problem(404, "not_found");
    viewer.delete("/sessions/mine").await.problem(404, "not_found");
    shop.get("/users/me").await.ok(200);
    admin.delete(format!("/sessions/{}", viewer.session)).await.ok(204);
    viewer.get("/orders").await.problem(401, "token_revoked");
}
