//! GET /jobs, POST /jobs/{id}/cancel and /retry.

use serde_json::{Value, json};

use crate::support::{TestApp, id, new_key};

// I16
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn jobs_by_state_newest_first() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let mut jobs = Vec::new();
    for kind in ["payments", "ledger"] {
        let job = shop.report(kind).await;
        jobs.push(shop.job_in("succeeded", &job).await);
    }
    let ids = |jobs: &[Value]| jobs.iter().map(|job| job["id"].clone()).collect::<Vec<_>>();
    jobs.reverse();
    assert_eq!(ids(&shop.all("/jobs").await), ids(&jobs));
    assert_eq!(ids(&shop.all("/jobs?status=succeeded").await), ids(&jobs));
    assert_eq!(shop.all("/jobs?status=failed").await, Vec::<Value>::new());
    assert_eq!(other.get("/jobs").await.ok(200), json!({ "data": [], "next_cursor": null }));
}

// I8: what has ended stays as it is, and says so.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_has_ended_is_neither_cancelled_nor_tried_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let job = shop.report("payments").await;
    let done = shop.job_in("succeeded", &job).await;
    for step in ["cancel", "retry"] {
        let path = format!("/jobs/{}/{step}", id(&done));
        let problem = shop.post(path).key(&new_key()).json(&json!({})).await.problem(409, "illegal_state");
        assert_eq!((&problem["current"], &problem["allowed"]), (&json!("succeeded"), &json!([])));
    }
}

// I8: a job that waits or runs comes to a stop; whichever it was, nothing is made of it in vain.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_job_is_cancelled_while_it_can_be() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let job = shop.report("payments").await;
    let cancelled = shop.post(format!("/jobs/{}/cancel", id(&job))).key(&new_key()).json(&json!({})).await;
    if cancelled.status == 409 {
        // The worker was faster.
        shop.job_in("succeeded", &job).await;
    } else {
        let shown = cancelled.ok(202);
        let is_wanted_no_longer = shown["status"] == "cancelled" || shown["cancel_requested"] == true;
        assert!(is_wanted_no_longer, "{shown}");
    }
}
