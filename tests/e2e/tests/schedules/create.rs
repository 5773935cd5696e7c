//! /schedules, and what occurs.

use serde_json::{Value, json};

use crate::support::{TestApp, id, new_key, schedule_of};

// I13
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_report_is_made_each_hour_of_a_schedule() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut body = schedule_of("30 * * * *");
    body["report"]["period"] = json!("day_to_date");
    let asked = shop.post("/schedules").key(&new_key()).json(&body).await;
    let schedule = asked.ok(201);
    let path = format!("/schedules/{}", id(&schedule));
    assert_eq!(asked.header("location"), Some(format!("/api/v1{path}").as_str()));
    assert_eq!((&schedule["status"], &schedule["last"]), (&json!("enabled"), &Value::Null));
    assert!(schedule["next_at"].as_str().is_some_and(|at| at.ends_with(":30:00.000Z")), "{schedule}");

    app.aws().occur(&shop.tenant, id(&schedule), 3).await;
    let shown = shop.get(&path).await.ok(200);
    assert_eq!(shown["next_at"], schedule["next_at"], "in the next hour again");
    let jobs = shop.all("/jobs").await;
    assert_eq!(jobs.len(), 3, "one for each hour that was missed");
    let newest = jobs.iter().max_by_key(|job| job["schedule"]["occurrence_at"].to_string()).expect("a job");
    assert_eq!(shown["last"]["job_id"], newest["id"]);
    for job in &jobs {
        let done = shop.job_in("succeeded", job).await;
        assert_eq!(done["schedule"]["id"], schedule["id"]);
        assert_eq!(done["report"]["to"], done["schedule"]["occurrence_at"], "up to its moment");
    }
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_schedule_is_listed_paused_changed_and_deleted() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (first, second) = (shop.schedule("0 6 1 * *").await, shop.schedule("0 7 * * mon-fri").await);
    let listed: Vec<Value> = shop.all("/schedules").await.iter().map(|schedule| schedule["id"].clone()).collect();
    assert_eq!(listed, [second["id"].clone(), first["id"].clone()]);
    let path = format!("/schedules/{}", id(&first));
    let paused = shop.patch(&path).header("if-match", "\"1\"").json(&json!({ "status": "paused" })).await;
    assert_eq!(paused.header("etag"), Some("\"2\""));
    assert_eq!(paused.ok(200)["next_at"], Value::Null);
    let late = shop.patch(&path).header("if-match", "\"1\"").json(&json!({ "status": "enabled" })).await;
    late.problem(412, "precondition_failed");
    let change = json!({ "status": "enabled", "time_zone": "Asia/Tokyo", "description": "For the books" });
    let changed = shop.patch(&path).json(&change).await.ok(200);
    assert!(changed["next_at"].as_str().is_some_and(|at| at.ends_with("T21:00:00.000Z")), "six in Tokyo: {changed}");
    shop.patch(&path).json(&json!({ "cron": "* * * * *" })).await.problem(400, "invalid_fields");
    assert_eq!(shop.delete(&path).await.status, 204);
    shop.get(&path).await.problem(404, "not_found");
    let kinds: Vec<Value> = shop.events_of(&first).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["schedule.created", "schedule.updated", "schedule.updated", "schedule.deleted"]);
}
