//! GET /providers/{name}.

use crate::support::{TestApp, stripe_account};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_connected_provider_is_shown_to_its_tenant() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    shop.get("/providers/stripe").await.problem(404, "not_found");
    let (body, _) = stripe_account("second");
    let connected = shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    let shown = shop.get("/providers/stripe").await.ok(200);
    assert_eq!(shown, connected);
    assert_eq!((&shown["name"], &shown["rank"]), (&"stripe".into(), &"second".into()));
    assert_eq!(shown["events_path"], format!("/api/v1/providers/stripe/events?tenant={}", shop.tenant));
    other.get("/providers/stripe").await.problem(404, "not_found");
    shop.get("/providers/paypal").await.problem(404, "not_found");
}
