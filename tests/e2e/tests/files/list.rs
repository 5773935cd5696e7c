//! GET /files, GET and DELETE /files/{id}.

use serde_json::{Value, json};

use crate::support::{TestApp, id};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_tenant_s_files_newest_first_without_the_deleted() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let mut made = Vec::new();
    for name in ["1.csv", "2.csv", "3.csv"] {
        made.push(shop.announce(name, "text/csv", b"x").await);
    }
    assert_eq!(shop.delete(format!("/files/{}", id(&made[1]))).await.status, 204);
    shop.delete(format!("/files/{}", id(&made[1]))).await.problem(404, "not_found");
    let files = shop.all("/files").await;
    let ids: Vec<&Value> = files.iter().map(|file| &file["id"]).collect();
    assert_eq!(ids, [&made[2]["id"], &made[0]["id"]]);
    assert!(files.iter().all(|file| file.get("upload").is_none() && file.get("download_url").is_none()));
    assert_eq!(other.get("/files").await.ok(200), json!({ "data": [], "next_cursor": null }));
    other.file(&made[0]).await.problem(404, "not_found");
    other.delete(format!("/files/{}", id(&made[0]))).await.problem(404, "not_found");
}
