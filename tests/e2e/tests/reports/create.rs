//! POST /reports, and what becomes of it.

use serde_json::{Value, json};

use crate::support::{TestApp, download, id, new_key, payment_of, report_of};

async fn lines(url: &Value) -> Vec<String> {
    let response = download(url).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/csv".parse().expect("ok"))
    );
    let text = response.text().await.expect("text");
    text.lines().map(str::to_owned).collect()
}

// I9, J5
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_as_csv_by_a_link_that_ends() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut payment = payment_of(700, "EUR", "tok_success");
    payment["description"] = json!("=HYPERLINK(\"http://x.example\")");
    let paid = shop.pay(&payment).await.ok(202);
    let paid = shop.payment_in("succeeded", &paid).await;
    let in_yen = shop.paid(500, "JPY").await;

    let asked = shop.post("/reports").key(&new_key()).json(&report_of("payments")).await;
    let job = asked.ok(202);
    assert_eq!(asked.header("location"), Some(format!("/api/v1/jobs/{}", id(&job)).as_str()));
    assert_eq!((&job["status"], &job["progress"], &job["result"]), (&json!("queued"), &json!(0), &Value::Null));
    let done = shop.job_in("succeeded", &job).await;
    assert_eq!((&done["progress"], &done["error"], &done["result"]["rows"]), (&json!(100), &Value::Null, &json!(2)));
    assert!(done["log"].as_array().is_some_and(|log| !log.is_empty()), "{done}");
    let lines = lines(&done["result"]["url"]).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("id,created_at,status,amount,currency,"), "{}", lines[0]);
    assert!(lines[1].starts_with(id(&in_yen)) && lines[2].starts_with(id(&paid)), "newest first: {lines:?}");
    assert!(lines[2].ends_with("\"'=HYPERLINK(\"\"http://x.example\"\")\""), "no formula: {}", lines[2]);

    let mut of_yen = report_of("payments");
    of_yen["currency"] = json!("JPY");
    let job = shop.post("/reports").key(&new_key()).json(&of_yen).await.ok(202);
    assert_eq!(shop.job_in("succeeded", &job).await["result"]["rows"], 1);
    let kinds: Vec<Value> = shop.events_of(&job).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["job.created", "job.succeeded"]);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_ledger_as_csv() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    shop.paid(700, "EUR").await;
    let (_, _) = shop.filled_wallet(1_000).await;
    let job = shop.report("ledger").await;
    let done = shop.job_in("succeeded", &job).await;
    let lines = lines(&done["result"]["url"]).await;
    let amounts: Vec<i64> =
        lines[1..].iter().map(|line| line.split(',').nth(5).expect("an amount").parse().expect("a number")).collect();
    assert_eq!((amounts.len(), amounts.iter().sum::<i64>()), (4, 0), "two transactions that sum to zero: {lines:?}");
}

// A1, I10: one job for a key.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_repeated_request_is_the_same_job() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let key = new_key();
    let first = shop.post("/reports").key(&key).json(&report_of("payments")).await;
    let second = shop.post("/reports").key(&key).json(&report_of("payments")).await;
    assert_eq!((second.header("idempotent-replayed"), first.ok(202)), (Some("true"), second.ok(202)));
    shop.post("/reports").key(&key).json(&report_of("ledger")).await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.all("/jobs").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_no_report_may_be_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body =
        json!({ "kind": "gossip", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "format": "xlsx" });
    let mut faults = shop.post("/reports").json(&body).await.faults();
    faults.sort();
    assert_eq!(faults, ["/format unknown_value", "/kind unknown_value", "/to out_of_range"]);
}

// J5: for people, and the same bytes by whoever makes it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_as_pdf() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    shop.paid(700, "EUR").await;
    let mut report = report_of("payments");
    report["format"] = json!("pdf");
    let job = shop.post("/reports").key(&new_key()).json(&report).await.ok(202);
    let done = shop.job_in("succeeded", &job).await;
    let response = download(&done["result"]["url"]).await;
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!((response.status().as_u16(), header("content-type").as_str()), (200, "application/pdf"));
    assert!(header("content-disposition").contains(".pdf"), "{response:?}");
    let bytes = response.bytes().await.expect("a body");
    assert_eq!((&bytes[..5], bytes.len() as u64), (&b"%PDF-"[..], done["result"]["size"].as_u64().expect("a size")));
}
