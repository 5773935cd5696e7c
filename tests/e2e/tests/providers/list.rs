//! GET /providers.

use serde_json::{Value, json};

use crate::support::{TestApp, stripe_account};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn connected_providers_are_listed_by_name() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    assert_eq!(shop.all("/providers").await, Vec::<Value>::new());
    let (body, _) = stripe_account("first");
    shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    shop.call("PUT", "/providers/sandbox").json(&json!({ "rank": "second" })).await.ok(200);
    let names: Vec<Value> = shop.all("/providers").await.into_iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["sandbox", "stripe"]);
    let page = shop.get("/providers?limit=1").await.ok(200);
    assert_eq!((page["data"].as_array().map(Vec::len), &page["next_cursor"]), (Some(1), &json!("sandbox")));
}
