//! PATCH and DELETE /webhook_endpoints/{id}.

use serde_json::json;

use crate::support::{Receiver, TestApp};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_named_changes_by_its_version() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let settings = json!({ "types": ["order.*"], "rate_limit_per_second": 5, "description": "Warehouse" });
    let made = shop.endpoint("https://hooks.shop.example/", &settings).await;
    let path = format!("/webhook_endpoints/{}", made["id"].as_str().expect("an id"));
    let change = json!({ "types": null, "rate_limit_per_second": null, "ordered": true });
    let changed = shop.patch(&path).header("if-match", "\"1\"").json(&change).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.ok(200);
    assert_eq!((&changed["types"], &changed["rate_limit_per_second"]), (&json!(null), &json!(null)));
    assert_eq!((&changed["ordered"], &changed["description"]), (&json!(true), &json!("Warehouse")));
    let stale = shop.patch(&path).header("if-match", "\"1\"").json(&json!({ "description": "Late" })).await;
    stale.problem(412, "precondition_failed");
    shop.patch(&path).json(&json!({ "url": "https://10.0.0.1/" })).await.problem(400, "invalid_fields");
    let disabled = shop.patch(&path).json(&json!({ "status": "disabled" })).await.ok(200);
    assert_eq!((&disabled["status"], &disabled["disabled_reason"]), (&json!("disabled"), &json!("requested")));
    shop.post(format!("{path}/test")).json(&json!({})).await.problem(409, "illegal_state");
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn nothing_goes_to_a_deleted_endpoint() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (deleted, kept) = (Receiver::start(), Receiver::start());
    let endpoint = shop.endpoint(&deleted.url, &json!({})).await;
    shop.endpoint(&kept.url, &json!({})).await;
    let path = format!("/webhook_endpoints/{}", endpoint["id"].as_str().expect("an id"));
    assert_eq!(shop.delete(&path).await.status, 204);
    shop.get(&path).await.problem(404, "not_found");
    shop.order(500, "EUR").await;
    kept.requests(1).await;
    assert_eq!(deleted.received().len(), 0);
}
