//! I13: schedules by the clocks of a time zone, swept late, twice, by two at once, with faults.

use std::time::Duration;

use coffer_simulation::{Ask, run};
use domain::schedule::SCHEDULES_MAX;
use domain::time::Timestamp;
use memory::Fault;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::Scene;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn show(scene: &Scene, id: &str) -> Value {
    scene.world.show(&scene.owner_now(), &format!("/v1/schedules/{id}"))
}

/// The jobs that a schedule has asked for, by their occurrences.
fn jobs_of(scene: &Scene, id: &str) -> Vec<Value> {
    let jobs = scene.world.call(Ask::get("/v1/jobs").query("limit", "100").by(&scene.owner_now())).ok(200);
    let all = jobs.json["data"].as_array().expect("a list").iter();
    let mut its: Vec<Value> = all.filter(|job| job["schedule"]["id"] == *id).cloned().collect();
    its.sort_by_key(|job| job["schedule"]["occurrence_at"].to_string());
    its
}

fn moments(jobs: &[Value]) -> Vec<&str> {
    jobs.iter().map(|job| job["schedule"]["occurrence_at"].as_str().expect("a moment")).collect()
}

fn moment(value: &Value) -> Timestamp {
    api::parse_rfc3339(value.as_str().expect("a moment")).expect("RFC 3339")
}

/// To a while after the schedule's next occurrence, and swept.
fn go_to_next(scene: &Scene, id: &str) {
    let next_at = moment(&show(scene, id)["next_at"]);
    scene.world.clock.advance(next_at.plus(Duration::from_secs(90)).since(scene.world.clock.now()));
    scene.world.platform_sweep().expect("nothing fails");
}

#[test]
fn i13_an_occurrence_makes_a_report_of_its_period() {
    let scene = Scene::new();
    scene.world.pay(&scene.owner_now(), None, 700, "tok_success");
    scene.world.run_until_quiet();
    let made = scene.world.schedule(&scene.owner_now(), "0 6 * * *");
    let id = made.id();
    assert_eq!((made.text("/status"), made.text("/time_zone")), ("enabled".to_owned(), "Europe/Berlin".to_owned()));
    assert_eq!(made.json["last"], Value::Null);
    let next_at = made.json["next_at"].clone();
    scene.world.platform_sweep().expect("nothing fails");
    assert!(jobs_of(&scene, &id).is_empty(), "its time has not come");
    go_to_next(&scene, &id);
    go_to_next(&scene, &id);
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.run_until_quiet();
    let jobs = jobs_of(&scene, &id);
    let [first, second] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(first["schedule"]["occurrence_at"], next_at);
    assert_eq!((&first["status"], &second["status"]), (&json!("succeeded"), &json!("succeeded")));
    assert_eq!(first["report"]["to"], second["report"]["from"], "day after day");
    assert_eq!(moment(&first["report"]["to"]).since(moment(&first["report"]["from"])), DAY);
    let rows: u64 = jobs.iter().map(|job| job["result"]["rows"].as_u64().expect("rows")).sum();
    assert_eq!(rows, 1, "the payment is in the report of its day");
    let shown = show(&scene, &id);
    assert_eq!(shown["last"], json!({ "occurrence_at": second["schedule"]["occurrence_at"], "job_id": second["id"] }));
    scene.comes_to_rest();
}

#[test]
fn i13_each_occurrence_has_one_job_whatever_fails_and_whoever_sweeps() {
    for (operation, nth) in [("schedules.due", 2), ("schedules.get", 1), ("platform.commit", 2)] {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
            let scene = Scene::new();
            let id = scene.world.schedule(&scene.owner_now(), "30 * * * *").id();
            scene.world.clock.advance(5 * HOUR);
            scene.world.faults.fail(operation, nth, fault);
            drop(scene.world.platform_sweep());
            run(async {
                drop(futures_util::join!(scene.world.platform_sweep_step(), scene.world.platform_sweep_step()));
            });
            scene.every_fault_has_struck();
            scene.world.platform_sweep().expect("nothing fails");
            scene.world.run_until_quiet();
            let jobs = jobs_of(&scene, &id);
            let found = moments(&jobs);
            assert_eq!(found.len(), 5, "{operation} {fault:?}: {found:?}");
            assert!(found.is_sorted_by(|a, b| a < b), "{operation} {fault:?}: {found:?}");
            scene.comes_to_rest();
        }
    }
}

#[test]
fn a_paused_schedule_asks_for_nothing_and_makes_up_for_nothing() {
    let scene = Scene::new();
    let id = scene.world.schedule(&scene.owner_now(), "30 * * * *").id();
    let path = format!("/v1/schedules/{id}");
    let patch = |body: &Value| scene.world.call(Ask::new("PATCH", path.clone()).json(body).by(&scene.owner_now()));
    let paused = patch(&json!({ "status": "paused" })).ok(200);
    assert_eq!((paused.text("/status"), paused.json["next_at"].clone()), ("paused".to_owned(), Value::Null));
    scene.world.clock.advance(3 * HOUR);
    scene.world.platform_sweep().expect("nothing fails");
    patch(&json!({ "status": "enabled" })).ok(200);
    scene.world.platform_sweep().expect("nothing fails");
    assert!(jobs_of(&scene, &id).is_empty());
    scene.world.clock.advance(HOUR + Duration::from_secs(60));
    scene.world.platform_sweep().expect("nothing fails");
    assert_eq!(jobs_of(&scene, &id).len(), 1);
    scene.comes_to_rest();
}

#[test]
fn a_schedule_is_changed_by_its_version_and_deleted() {
    let scene = Scene::new();
    let made = scene.world.schedule(&scene.owner_now(), "30 * * * *");
    let path = format!("/v1/schedules/{}", made.id());
    let shown = scene.world.call(Ask::get(path.clone()).by(&scene.owner_now())).ok(200);
    let etag = shown.header("etag").expect("a version").to_owned();
    let patch = |etag: &str, body: &Value| {
        scene.world.call(Ask::new("PATCH", path.clone()).header("if-match", etag).json(body).by(&scene.owner_now()))
    };
    let body = json!({ "cron": "0 12 * * fri", "time_zone": "UTC", "description": "Fridays", "priority": "low" });
    let changed = patch(&etag, &body).ok(200);
    for (name, value) in body.as_object().expect("an object") {
        assert_eq!(&changed.json[name], value);
    }
    assert_eq!(changed.json["report"], made.json["report"], "what is absent stays");
    assert_eq!(patch(&etag, &body).status, 412);
    let version = changed.header("etag").expect("a version");
    assert_eq!(patch(version, &body).ok(200).header("etag"), Some(version), "nothing changes");
    scene.world.call(Ask::delete(path.clone()).by(&scene.owner_now())).ok(204);
    assert_eq!(scene.world.call(Ask::get(path.clone()).by(&scene.owner_now())).status, 404);
    assert_eq!(scene.world.call(Ask::delete(path).by(&scene.owner_now())).status, 404);
    scene.world.clock.advance(14 * DAY);
    scene.world.platform_sweep().expect("nothing fails");
    assert!(jobs_of(&scene, &made.id()).is_empty());
    let kinds = ["schedule.created", "schedule.updated", "schedule.deleted"];
    let events = scene.world.store.contents().events;
    let told = |kind: &&str| events.iter().filter(|event| event.kind.as_str() == *kind).count();
    assert_eq!(kinds.iter().map(told).collect::<Vec<_>>(), [1, 1, 1]);
    scene.comes_to_rest();
}

#[test]
fn a_faulty_schedule_is_refused_with_every_fault() {
    let scene = Scene::new();
    let body = json!({
        "cron": "*/5 * * * *",
        "time_zone": "Mars/Olympus",
        "report": { "kind": "payments", "period": "fortnight", "format": "csv", "to": "now" },
        "priority": "urgent",
    });
    let answer = scene.world.call(Ask::post("/v1/schedules", &body).by(&scene.owner_now()).key("faulty"));
    assert_eq!(answer.status, 400);
    let errors = answer.json["errors"].as_array().expect("errors").iter();
    let mut found: Vec<(&str, &str)> =
        errors.filter_map(|error| Some((error["pointer"].as_str()?, error["code"].as_str()?))).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("/cron", "too_often"),
            ("/priority", "unknown_value"),
            ("/report/period", "unknown_value"),
            ("/report/to", "unknown_field"),
            ("/time_zone", "unknown_value"),
        ]
    );
}

#[test]
fn a_tenant_has_a_bounded_number_of_schedules() {
    let scene = Scene::new();
    for _ in 0..SCHEDULES_MAX {
        scene.world.clock.advance(Duration::from_secs(1));
        scene.world.schedule(&scene.owner_now(), "0 6 1 * *");
    }
    let body = json!({
        "cron": "0 6 1 * *",
        "time_zone": "UTC",
        "report": { "kind": "ledger", "period": "previous_month", "format": "pdf" },
    });
    let answer = scene.world.call(Ask::post("/v1/schedules", &body).by(&scene.owner_now()).key("one-more"));
    assert_eq!((answer.status, answer.code()), (422, "too_many_schedules".to_owned()));
}
