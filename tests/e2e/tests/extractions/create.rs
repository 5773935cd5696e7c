//! POST /extractions, and what becomes of it: a document goes up, a model over HTTP reads it, fields come back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Party, TestApp, eventually, id, new_key};

/// A model that was busy is left alone for some seconds each time.
const SWEPT_WITHIN: Duration = Duration::from_secs(60);

const INVOICE: &str = "Supplier: Green Tea Ltd.\nDate: 2026-10-31\nCurrency: EUR\n2 x Green tea @ 3.50 = 7.00\n\
     1.5 x Hour of advice @ 40.00 = 60.00\nTotal: 67.00\n";

async fn asked(shop: &Party, document: &str) -> Value {
    let file = shop.ready_file("invoice.txt", "text/plain", document.as_bytes()).await;
    let asked = shop.post("/extractions").key(&new_key()).json(&json!({ "file_id": id(&file) })).await;
    let job = asked.ok(202);
    assert_eq!(asked.header("location"), Some(format!("/api/v1/jobs/{}", id(&job)).as_str()));
    assert_eq!((&job["kind"], &job["extraction"]["file_id"]), (&json!("extraction"), &file["id"]));
    job
}

// J7
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_document_becomes_fields() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let job = asked(&shop, INVOICE).await;
    let done = shop.job_in("succeeded", &job).await;
    let line = |description: &str, quantity: Value, unit_amount: i64, amount: i64| json!({ "description": description, "quantity": quantity, "unit_amount": unit_amount, "amount": amount });
    let lines = [line("Green tea", json!(2), 350, 700), line("Hour of advice", json!(1.5), 4_000, 6_000)];
    let fields = json!({
        "supplier": "Green Tea Ltd.", "date": "2026-10-31", "lines": lines, "total_amount": 6_700, "currency": "EUR",
    });
    assert_eq!((&done["result"], &done["error"]), (&fields, &Value::Null));
    assert!(!done["log"].to_string().contains("Tea"), "the log has counts alone: {done}");
    let events = shop.events_of(&job).await;
    let kinds: Vec<Value> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["job.created", "job.succeeded"]);
    assert!(!json!(events).to_string().contains("Green Tea"), "an event tells nothing of a document");
    let spent = shop.get("/settings/extractions").await.ok(200);
    assert!(spent["tokens_spent"].as_u64().is_some_and(|tokens| (500..2_000).contains(&tokens)), "{spent}");
}

// J7
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_goes_wrong_with_a_model_has_its_code() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for (marker, code) in [
        ("wrong_total", "answer_refused"),
        ("nonsense", "answer_refused"),
        ("unfinished", "answer_refused"),
        ("refused", "document_refused"),
    ] {
        let job = asked(&shop, &format!("{INVOICE}sandbox-model: {marker}\n")).await;
        let done = shop.job_in("failed", &job).await;
        assert_eq!((&done["error"]["code"], &done["result"]), (&json!(code), &Value::Null), "{marker}");
    }
    // Throttled twice; the marker is of this tenant, as the sandbox counts by document.
    let flaky = format!("{INVOICE}For {}\nsandbox-model: flaky\n", shop.tenant);
    let job = asked(&shop, &flaky).await;
    let aws = app.aws();
    let done = eventually("a sweep after the model was busy", SWEPT_WITHIN, async || {
        aws.sweep_platform().await?;
        let shown = shop.get(format!("/jobs/{}", id(&job))).await.ok(200);
        if shown["status"] == "succeeded" {
            return Ok(shown);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(shown.to_string())
    })
    .await;
    assert_eq!(done["attempts"], 1, "{done}");
}

// J7
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn nothing_is_asked_beyond_what_may_be_spent() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let allow = async |tokens: u64| {
        shop.call("PUT", "/settings/extractions").json(&json!({ "tokens_per_month": tokens })).await.ok(200)
    };
    let set = allow(1_000).await;
    assert_eq!((&set["tokens_per_month"], &set["cost_per_month"]), (&json!(1_000), &Value::Null));
    let job = asked(&shop, INVOICE).await;
    let done = shop.job_in("failed", &job).await;
    assert_eq!(done["error"]["code"], "budget_exhausted");
    assert_eq!(shop.get("/settings/extractions").await.ok(200)["tokens_spent"], 0);
    allow(1_000_000).await;
    shop.post(format!("/jobs/{}/retry", id(&job))).key(&new_key()).json(&json!({})).await.ok(202);
    shop.job_in("succeeded", &job).await;
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_cannot_be_read_is_refused_at_once() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let pending = shop.announce("invoice.txt", "text/plain", INVOICE.as_bytes()).await;
    let of = |file: &Value| json!({ "file_id": id(file) });
    let problem = shop.post("/extractions").json(&of(&pending)).await.problem(409, "illegal_state");
    assert_eq!(problem["current"], "pending");
    let ready = shop.ready_file("invoice.txt", "text/plain", INVOICE.as_bytes()).await;
    other.post("/extractions").json(&of(&ready)).await.problem(404, "not_found");
    let faults = shop.post("/extractions").json(&json!({ "file_id": "fil_1", "model": "mine" })).await.faults();
    assert_eq!(faults, ["/file_id invalid_id", "/model unknown_field"]);
}
