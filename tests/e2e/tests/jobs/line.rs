//! F3, I2, I11, I12 on the stack: a tenant's line of jobs. Who floods it holds up nobody else, what is paused is not lost,
//! what is for later waits.

use serde_json::json;

use crate::support::{SOON, TestApp, eventually, id, new_key, report_of};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_flood_of_one_tenant_holds_up_no_other() {
    let app = TestApp::start().await;
    let (noisy, quiet) = (app.sign_up().await, app.sign_up().await);
    let mut flood = Vec::new();
    for _ in 0..25 {
        flood.push(noisy.report("ledger").await);
    }
    let one = quiet.report("payments").await;
    quiet.job_in("succeeded", &one).await;
    let line = noisy.get("/jobs/queue").await.ok(200);
    assert!(line["running"].as_u64().expect("a number") <= 4, "{line}");
    for job in &flood {
        noisy.job_in("succeeded", job).await;
    }
}

// I12, the operator's: the worker of a queue, of all tenants. What waits for it meanwhile waits a few seconds longer.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_queue_whose_worker_is_stopped_keeps_what_comes() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let processes = app.processes();
    assert!(processes.task(&["queue", "pause", "receipts"]).contains("paused"));
    // What the poller had in its hands.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let payment = shop.paid(700, "EUR").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let path = format!("/payments/{}/receipt", id(&payment));
    let before = shop.get(path.clone()).await.status;
    assert!(processes.task(&["queue", "resume", "receipts"]).contains("goes on"));
    assert_eq!(before, 202, "nobody makes it");
    eventually("the receipt", SOON, async || {
        let answer = shop.get(path.clone()).await;
        if answer.status == 303 { Ok(()) } else { Err(format!("{}", answer.status)) }
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_paused_waits_and_what_is_for_later_too() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    assert_eq!(shop.post("/jobs/pause").key(&new_key()).await.ok(200), json!({ "paused": true, "running": 0 }));
    let mut body = report_of("payments");
    body["delay_seconds"] = json!(86_400);
    let later = shop.post("/reports").key(&new_key()).json(&body).await.ok(202);
    body.as_object_mut().expect("an object").remove("delay_seconds");
    body["priority"] = json!("low");
    let low = shop.post("/reports").key(&new_key()).json(&body).await.ok(202);
    body["priority"] = json!("high");
    let high = shop.post("/reports").key(&new_key()).json(&body).await.ok(202);
    assert_eq!((&later["status"], &high["priority"]), (&json!("scheduled"), &json!("high")));
    assert_eq!(shop.get("/jobs/queue").await.ok(200)["paused"], true);

    shop.post("/jobs/resume").key(&new_key()).await.ok(200);
    for job in [&high, &low] {
        shop.job_in("succeeded", job).await;
    }
    let begun = async |job| shop.get(format!("/jobs/{}", id(job))).await.ok(200)["log"][0]["at"].to_string();
    assert!(begun(&high).await <= begun(&low).await, "the urgent one was first");
    let cancelled = shop.post(format!("/jobs/{}/cancel", id(&later))).key(&new_key()).await.ok(202);
    assert_eq!(cancelled["status"], "cancelled");
    eventually("nothing runs", SOON, async || {
        let line = shop.get("/jobs/queue").await.ok(200);
        if line == json!({ "paused": false, "running": 0 }) { Ok(()) } else { Err(line.to_string()) }
    })
    .await;
}
