//! DELETE /providers/{name}.

use crate::support::{TestApp, stripe_account};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_disconnected_provider_is_gone_and_another_account_may_come() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (body, _) = stripe_account("first");
    shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    shop.delete("/providers/stripe").await.ok(204);
    shop.delete("/providers/stripe").await.problem(404, "not_found");
    shop.get("/providers/stripe").await.problem(404, "not_found");
    let (other, _) = stripe_account("first");
    shop.call("PUT", "/providers/stripe").json(&other).await.ok(200);
}
