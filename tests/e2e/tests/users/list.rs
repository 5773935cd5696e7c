//! GET /users.

use serde_json::Value;

use crate::support::{TestApp, next_of};

// F1: the tenant's users, newest first, and nobody else's.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_users_of_one_s_own_tenant() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.sign_up().await, app.sign_up().await);
    let (first, second) = (shop.add("viewer").await, shop.add("admin").await);
    let users = second.all("/users").await;
    let ids: Vec<&Value> = users.iter().map(|user| &user["id"]).collect();
    assert_eq!(ids, [second.id.as_str(), first.id.as_str(), shop.owner.id.as_str()]);
    let page = shop.get("/users?limit=2").await;
    assert_eq!(page.ok(200)["data"].as_array().map(Vec::len), Some(2));
    let next = next_of(&page).expect("a next page");
    assert_eq!(shop.follow(&next).await.ok(200)["data"][0]["id"], shop.owner.id.as_str());
}
