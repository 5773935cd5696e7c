//! POST /files, and the upload by the link it answers with.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, download, eventually, file_of, id, new_key, upload};

const CSV: &[u8] = b"sku,quantity\nTEA-1,2\n";

// J1, J2, J3
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_upload_becomes_a_file_that_can_be_downloaded() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let made = shop.post("/files").json(&file_of("Lager März.csv", "text/csv", CSV)).await;
    assert_eq!(made.header("location"), Some(format!("/api/v1/files/{}", id(&made.ok(201))).as_str()));
    let made = made.ok(201);
    assert_eq!((&made["status"], &made["size"]), (&json!("pending"), &json!(CSV.len())));
    assert_eq!(shop.file(&made).await.ok(200)["download_url"], Value::Null);

    assert_eq!(upload(&made, CSV).await, 200);
    let ready = shop.in_status("ready", format!("/files/{}", id(&made))).await;
    assert!(ready["upload"].is_null(), "the way in is told once: {ready}");
    let response = download(&ready["download_url"]).await;
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!((response.status().as_u16(), header("content-type").as_str()), (200, "text/csv"));
    assert!(header("content-disposition").starts_with("attachment; "), "{response:?}");
    assert!(header("content-disposition").ends_with("filename*=UTF-8''Lager%20M%C3%A4rz.csv"), "{response:?}");
    assert_eq!(response.bytes().await.expect("a body"), CSV);

    let without_signature = ready["download_url"].as_str().and_then(|url| url.split('?').next()).expect("a URL");
    assert_eq!(download(&json!(without_signature)).await.status(), 403, "never public");
    let kinds: Vec<Value> = shop.events_of(&made).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["file.created", "file.ready"]);
}

// J1: bound to size, type, checksum and tenant.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_upload_link_takes_what_was_announced_and_nothing_else() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let made = shop.announce("a.csv", "text/csv", CSV).await;
    for wrong in [&CSV[..CSV.len() - 1], b"", b"sku,quantity\nTEA-1,3\n"] {
        assert!(upload(&made, wrong).await >= 400);
    }
    let changed = |pointer: &str, value: Value| {
        let mut changed = made.clone();
        *changed.pointer_mut(pointer).expect("it is there") = value;
        changed
    };
    let of_another = made["upload"]["url"].as_str().expect("a URL").replace(&shop.tenant, &other.tenant);
    for (what, changed) in [
        ("another type", changed("/upload/headers/content-type", json!("text/html"))),
        ("another tenant", changed("/upload/url", json!(of_another))),
    ] {
        assert_eq!(upload(&changed, CSV).await, 403, "{what}");
    }
    assert_eq!(shop.file(&made).await.ok(200)["status"], "pending");
    assert_eq!(upload(&made, CSV).await, 200);
    shop.in_status("ready", format!("/files/{}", id(&made))).await;
}

// J2
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_not_of_its_type_is_rejected() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let made = shop.announce("a.pdf", "application/pdf", CSV).await;
    assert_eq!(upload(&made, CSV).await, 200);
    let rejected = shop.in_status("rejected", format!("/files/{}", id(&made))).await;
    assert_eq!((&rejected["rejection"]["code"], &rejected["download_url"]), (&json!("wrong_type"), &Value::Null));
}

// A1, A2
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_repeated_announcement_is_answered_with_the_same_link() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let key = new_key();
    let body = file_of("a.csv", "text/csv", CSV);
    let first = shop.post("/files").key(&key).json(&body).await;
    let second = shop.post("/files").key(&key).json(&body).await;
    assert_eq!((second.header("idempotent-replayed"), first.ok(201)), (Some("true"), second.ok(201)));
    let other = file_of("b.csv", "text/csv", CSV);
    shop.post("/files").key(&key).json(&other).await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.all("/files").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_no_file_may_be_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = json!({ "name": "", "content_type": "text/html", "size": 104_857_601, "checksum_sha256": "YWJj" });
    let mut faults = shop.post("/files").json(&body).await.faults();
    faults.sort();
    let expected =
        ["/checksum_sha256 invalid_checksum", "/content_type unknown_value", "/name too_short", "/size out_of_range"];
    assert_eq!(faults, expected);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_deleted_file_s_bytes_go() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let ready = shop.ready_file("a.csv", "text/csv", CSV).await;
    assert_eq!(shop.delete(format!("/files/{}", id(&ready))).await.status, 204);
    shop.file(&ready).await.problem(404, "not_found");
    eventually("the bytes to go", SOON, async || {
        let status = download(&ready["download_url"]).await.status();
        if status == 404 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}
