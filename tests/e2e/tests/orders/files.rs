//! PUT and DELETE /orders/{id}/files/{file_id}, GET /orders/{id}/files.

use serde_json::{Value, json};

use crate::support::{Party, TestApp, download, id, upload};

const CSV: &[u8] = b"sku,quantity\nTEA-1,2\n";

fn files_of(order: &Value) -> String {
    format!("/orders/{}/files", id(order))
}

async fn ids(shop: &Party, order: &Value) -> Vec<String> {
    shop.all(&files_of(order)).await.iter().map(|file| id(file).to_owned()).collect()
}

// J1
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_file_is_uploaded_attached_listed_detached_and_deleted() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, _) = shop.paid_order(500).await;
    let invoice = shop.announce("invoice.csv", "text/csv", CSV).await;
    let place = format!("{}/{}", files_of(&order), id(&invoice));
    assert_eq!(shop.call("PUT", place.as_str()).await.problem(409, "illegal_state")["current"], "pending");
    assert_eq!(upload(&invoice, CSV).await, 200);
    shop.in_status("ready", format!("/files/{}", id(&invoice))).await;

    let attached = shop.call("PUT", place.as_str()).await.ok(201);
    assert_eq!((&attached["id"], &attached["order_id"]), (&invoice["id"], &order["id"]));
    assert!(attached["attached_at"].is_string() && attached.get("download_url").is_none(), "{attached}");
    assert_eq!(shop.call("PUT", place.as_str()).json(&json!({})).await.ok(200), attached);
    let photo = shop.ready_file("photo.csv", "text/csv", CSV).await;
    shop.call("PUT", format!("{}/{}", files_of(&order), id(&photo))).await.ok(201);
    assert_eq!(ids(&shop, &order).await, [id(&invoice), id(&photo)], "oldest first");
    let first = shop.get(format!("{}?limit=1", files_of(&order))).await;
    assert_eq!(first.ok(200)["data"], json!([attached]));
    let cursor = first.ok(200)["next_cursor"].as_str().expect("there is more").to_owned();
    let second = shop.get(format!("{}?limit=1&cursor={cursor}", files_of(&order))).await.ok(200);
    assert_eq!((&second["data"][0]["id"], &second["next_cursor"]), (&photo["id"], &Value::Null));

    assert_eq!(shop.delete(place.as_str()).await.status, 204);
    shop.delete(place.as_str()).await.problem(404, "not_found");
    assert_eq!(ids(&shop, &order).await, [id(&photo)]);
    let kept = shop.file(&invoice).await.ok(200);
    assert_eq!(download(&kept["download_url"]).await.status(), 200, "what is detached stays");

    assert_eq!(shop.delete(format!("/files/{}", id(&photo))).await.status, 204);
    assert_eq!(ids(&shop, &order).await, Vec::<String>::new());
    let kinds: Vec<Value> = shop.events_of(&invoice).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["file.created", "file.ready", "file.attached", "file.detached"]);
}

// E10
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn orders_and_files_of_others_are_not_found() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let (order, theirs) = (shop.order(500, "EUR").await, other.order(500, "EUR").await);
    let file = shop.ready_file("a.csv", "text/csv", CSV).await;
    shop.call("PUT", format!("{}/{}", files_of(&order), id(&file))).await.ok(201);
    for (party, order) in [(&*shop, &theirs), (&*other, &theirs), (&*other, &order)] {
        let place = format!("{}/{}", files_of(order), id(&file));
        party.call("PUT", place.as_str()).await.problem(404, "not_found");
        party.delete(place.as_str()).await.problem(404, "not_found");
    }
    other.get(files_of(&order)).await.problem(404, "not_found");
    assert_eq!(ids(&shop, &order).await, [id(&file)]);
    assert_eq!(ids(&other, &theirs).await, Vec::<String>::new());
}
