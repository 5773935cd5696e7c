//! F3, I2, I11, I12: whose job begins, and when. A tenant that floods the queue takes no other's workers, what is urgent comes
//! before what is not, what is for later waits for its time, and what is paused is not lost.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, Fate, run};
use domain::access::Caller;
use domain::event::Queue;
use domain::ids::TenantId;
use domain::job::{ENDED_KEPT_FOR, JobStatus, LEASE, Priority, WAITS_AT_MOST};
use memory::{Delivery, Fault};
use ports::clock::Clock as _;
use ports::platform::LINE_SHOWN;
use serde_json::{Value, json};

use super::Scene;

fn report_with(scene: &Scene, caller: &Caller, more: &Value) -> Answer {
    let mut body = json!({
        "kind": "payments", "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "format": "csv",
    });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    scene.world.call(Ask::post("/v1/reports", &body).by(caller).key(&scene.world.new_key()))
}

fn status(scene: &Scene, id: &str) -> Value {
    scene.world.show(&scene.owner_now(), &format!("/v1/jobs/{id}"))["status"].clone()
}

fn deliver(scene: &Scene) {
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
}

/// Takes the job of a message and is lost over it: nobody gives it back.
fn begin_and_die(scene: &Scene, delivery: &Delivery) {
    scene.world.faults.fail("payments.list", 1, Fault::Unavailable);
    scene.world.faults.fail("platform.commit", 2, Fault::Unavailable);
    let _ = run(scene.world.step(Queue::Jobs, &delivery.notice));
    scene.world.faults.heal();
}

fn running_of(scene: &Scene, tenant: TenantId) -> usize {
    let jobs = scene.world.store.jobs();
    jobs.iter().filter(|job| job.tenant == tenant && job.status == JobStatus::Running).count()
}

#[test]
fn f3_another_tenant_s_job_begins_at_once_beside_a_flood() {
    let scene = Scene::new();
    let noisy = scene.world.sign_up("noisy").owner.caller;
    for _ in 0..90 {
        report_with(&scene, &noisy, &json!({})).ok(202);
    }
    let quiet = report_with(&scene, &scene.owner_now(), &json!({})).ok(202).id();
    deliver(&scene);
    // Ten workers, each with one message, as the template has it.
    let workers: Vec<Delivery> = (0..10).flat_map(|_| scene.world.receive(Queue::Jobs, 1)).collect();
    let of_quiet = workers.iter().position(|delivery| delivery.notice.tenant != noisy.tenant);
    assert_eq!(of_quiet, Some(1), "the one with nothing under way comes next");
    for delivery in &workers {
        begin_and_die(&scene, delivery);
    }
    assert_eq!(status(&scene, &quiet), "running");
    assert_eq!(running_of(&scene, noisy.tenant), Priority::Normal.running_max(), "the others wait, and hold no worker");
    // Those that were put off are not forgotten.
    for delivery in &workers {
        scene.world.queues.delete(&delivery.message);
    }
    scene.world.clock.advance(LEASE);
    scene.world.run_until_quiet();
    assert!(scene.world.store.jobs().iter().all(|job| job.status == JobStatus::Succeeded));
    scene.comes_to_rest();
}

#[test]
fn f3_what_waits_begins_when_something_ends_and_no_message_is_left() {
    let scene = Scene::new();
    let owner = scene.owner_now();
    let jobs: Vec<String> = (0..8).map(|_| report_with(&scene, &owner, &json!({})).ok(202).id()).collect();
    deliver(&scene);
    let mut deliveries = scene.world.receive(Queue::Jobs, 8);
    let held = deliveries.split_off(5);
    // Three begin and do not come to their end; the messages of two more find no room and are gone.
    for delivery in &deliveries[..3] {
        begin_and_die(&scene, delivery);
    }
    for delivery in &deliveries {
        run(scene.world.step(Queue::Jobs, &delivery.notice)).expect("there is nothing to do");
        scene.world.queues.delete(&delivery.message);
    }
    assert_eq!(running_of(&scene, owner.tenant), 3);
    for delivery in &held {
        scene.world.queues.delete(&delivery.message);
    }
    assert!(scene.world.queues.is_empty(Queue::Jobs));
    scene.world.clock.advance(LEASE);
    scene.world.platform_sweep().expect("nothing fails");
    // Well before anybody would ask again for what waits.
    scene.world.settle();
    assert!(jobs.iter().all(|id| status(&scene, id) == "succeeded"), "each that ends asks for the next");
    scene.comes_to_rest();
}

#[test]
fn i11_an_urgent_job_begins_before_a_backlog() {
    let scene = Scene::new();
    let owner = scene.owner_now();
    for _ in 0..30 {
        report_with(&scene, &owner, &json!({ "priority": "low" })).ok(202);
    }
    let normal = report_with(&scene, &owner, &json!({})).ok(202);
    assert_eq!(normal.json["priority"], "normal");
    let urgent = report_with(&scene, &owner, &json!({ "priority": "high" })).ok(202).id();
    deliver(&scene);
    let [first, second] = &scene.world.receive(Queue::Jobs, 2)[..] else { panic!("two messages") };
    run(scene.world.step(Queue::Jobs, &first.notice)).expect("worked on");
    assert_eq!(status(&scene, &urgent), "succeeded", "whichever message came first");
    run(scene.world.step(Queue::Jobs, &second.notice)).expect("worked on");
    assert_eq!(status(&scene, &normal.id()), "succeeded");
    assert_eq!(scene.world.store.jobs().iter().filter(|job| job.status == JobStatus::Succeeded).count(), 2);

    // With all room for what is not urgent taken, there is some for what is.
    for _ in 0..5 {
        let message = scene.world.receive(Queue::Jobs, 1);
        begin_and_die(&scene, &message[0]);
    }
    assert_eq!(running_of(&scene, owner.tenant), Priority::Low.running_max());
    let urgent = report_with(&scene, &owner, &json!({ "priority": "high" })).ok(202).id();
    deliver(&scene);
    scene.world.work(Queue::Jobs);
    assert_eq!(status(&scene, &urgent), "succeeded");
    scene.world.clock.advance(LEASE);
    scene.world.run_until_quiet();
    scene.comes_to_rest();
    report_with(&scene, &scene.owner_now(), &json!({ "priority": "now" })).refused(400, "invalid_fields");
}

#[test]
fn i2_a_job_for_later_begins_when_its_time_has_come() {
    const DAYS_40: Duration = Duration::from_secs(40 * 24 * 60 * 60);
    let scene = Scene::new();
    let later = report_with(&scene, &scene.owner_now(), &json!({ "delay_seconds": DAYS_40.as_secs() })).ok(202);
    let unwanted = report_with(&scene, &scene.owner_now(), &json!({ "run_at": later.json["run_at"] })).ok(202);
    assert_eq!((later.text("/status"), unwanted.text("/status")), ("scheduled".to_owned(), "scheduled".to_owned()));
    scene.world.settle();
    let cancel = Ask::post(format!("/v1/jobs/{}/cancel", unwanted.id()), &json!({})).by(&scene.owner_now());
    assert_eq!(scene.world.call(cancel).ok(202).text("/status"), "cancelled");
    scene.world.clock.advance(DAYS_40 - Duration::from_secs(1));
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.settle();
    assert_eq!(status(&scene, &later.id()), "scheduled");
    scene.world.clock.advance(Duration::from_secs(1));
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.settle();
    assert_eq!((status(&scene, &later.id()), status(&scene, &unwanted.id())), (json!("succeeded"), json!("cancelled")));
    scene.comes_to_rest();
}

#[test]
fn i2_f3_a_tenant_with_thousands_of_due_jobs_delays_nobody_else_s() {
    const MANY: usize = 2_500;
    let scene = Scene::new();
    let noisy = scene.world.sign_up("noisy").owner.caller;
    let time = scene.world.clock.now().plus(Duration::from_secs(3_600));
    let plan = json!({ "run_at": api::rfc3339(time) });
    for number in 0..MANY {
        // Within its limit of calls.
        if number % 10 == 0 {
            scene.world.clock.advance(Duration::from_secs(1));
        }
        report_with(&scene, &noisy, &plan).ok(202);
    }
    let a_second_later = json!({ "run_at": api::rfc3339(time.plus(Duration::from_secs(1))) });
    let quiet = report_with(&scene, &scene.owner_now(), &a_second_later).ok(202).id();
    scene.world.clock.advance(Duration::from_secs(3_600));
    let of_quiet = || status(&scene, &quiet);
    // Behind more than are read at once, and though one of them fails each time.
    scene.world.faults.fail("jobs.get", 1, Fault::Unavailable);
    let swept = scene.world.platform_sweep().expect("nothing else fails");
    assert_eq!((swept.done, swept.failed), (MANY, 1), "each is looked at once");
    assert_eq!(of_quiet(), "queued");
}

#[test]
fn i2_jobs_begin_though_files_cannot_be_looked_for() {
    let scene = Scene::new();
    let later = report_with(&scene, &scene.owner_now(), &json!({ "delay_seconds": 60 })).ok(202).id();
    let schedule = scene.world.schedule(&scene.owner_now(), "0 * * * *").id();
    scene.world.clock.advance(Duration::from_secs(2 * 60 * 60));
    scene.world.faults.fail("files.due", 1, Fault::Unavailable);
    scene.world.platform_sweep().expect_err("it is told");
    assert_eq!(status(&scene, &later), "queued");
    let occurred = scene.world.show(&scene.owner_now(), &format!("/v1/schedules/{schedule}"));
    assert_ne!(occurred["last"], Value::Null);
    scene.comes_to_rest();
}

#[test]
fn i2_i9_a_report_for_later_is_of_all_until_then() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let scene = Scene::new();
    let start = scene.world.clock.now();
    let moment = |after: Duration| api::rfc3339(start.plus(after));
    let asked =
        |from: String| report_with(&scene, &scene.owner_now(), &json!({ "delay_seconds": 86_400, "from": from }));
    let later = [asked(moment(Duration::ZERO)), asked(moment(DAY / 4))].map(|answer| answer.ok(202).id());
    asked(moment(DAY * 2)).refused(400, "invalid_fields");
    scene.world.clock.advance(DAY / 2);
    scene.world.pay(&scene.owner_now(), None, 700, "tok_success");
    scene.world.clock.advance(DAY / 2);
    scene.world.run_until_quiet();
    for id in &later {
        let done = scene.world.show(&scene.owner_now(), &format!("/v1/jobs/{id}"));
        assert_eq!((&done["status"], &done["result"]["rows"]), (&json!("succeeded"), &json!(1)), "{done}");
        assert!(done["report"]["to"].as_str() >= Some(moment(DAY).as_str()), "{done}");
    }
    scene.comes_to_rest();
}

#[test]
fn i2_i16_a_job_for_later_than_what_has_ended_is_kept_begins_all_the_same() {
    let scene = Scene::new();
    let wait = ENDED_KEPT_FOR + Duration::from_secs(24 * 60 * 60);
    let later = report_with(&scene, &scene.owner_now(), &json!({ "delay_seconds": wait.as_secs() })).ok(202);
    scene.world.settle();
    let now = scene.world.clock.advance(wait);
    scene.world.store.delete_expired(now);
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.settle();
    assert_eq!(status(&scene, &later.id()), "succeeded");
}

#[test]
fn i2_a_moment_that_is_over_is_now_and_one_too_far_ahead_is_refused() {
    let scene = Scene::new();
    let owner = scene.owner_now();
    for plan in [json!({ "run_at": "2001-01-01T00:00:00Z" }), json!({ "delay_seconds": 0 })] {
        assert_eq!(report_with(&scene, &owner, &plan).ok(202).text("/status"), "queued");
    }
    for plan in [
        json!({ "run_at": "2999-01-01T00:00:00Z" }),
        json!({ "delay_seconds": 40_000_000 }),
        json!({ "delay_seconds": -1 }),
        json!({ "delay_seconds": 1, "run_at": "2001-01-01T00:00:00Z" }),
    ] {
        report_with(&scene, &owner, &plan).refused(400, "invalid_fields");
    }
}

#[test]
fn i12_what_is_paused_waits_and_begins_when_it_is_resumed() {
    let scene = Scene::new();
    let owner = scene.owner_now();
    let order =
        |name: &str| scene.world.call(Ask::post(format!("/v1/jobs/{name}"), &json!({})).by(&scene.owner_now())).ok(200);
    assert_eq!(order("pause").json, json!({ "paused": true, "running": 0 }));
    let jobs: Vec<String> = (0..8).map(|_| report_with(&scene, &owner, &json!({})).ok(202).id()).collect();
    scene.world.settle();
    assert!(jobs.iter().all(|id| status(&scene, id) == "queued"));
    assert!(scene.world.queues.is_empty(Queue::Jobs), "they wait in the table, and hold no worker");
    assert_eq!(scene.world.show(&scene.owner_now(), "/v1/jobs/queue"), json!({ "paused": true, "running": 0 }));
    let stranger = scene.world.sign_up("stranger").owner.caller;
    let other = report_with(&scene, &stranger, &json!({})).ok(202).id();
    scene.world.settle();
    assert_eq!(scene.world.show(&stranger, &format!("/v1/jobs/{other}"))["status"], "succeeded", "nobody else waits");

    assert_eq!(order("resume").json["paused"], false);
    scene.world.settle();
    assert!(jobs.iter().all(|id| status(&scene, id) == "succeeded"), "all of them, and at once");
    scene.comes_to_rest();
}

#[test]
fn i12_nobody_asks_again_and_again_for_what_is_paused_or_far_behind() {
    const MANY: usize = 30;
    let scene = Scene::new();
    let order =
        |name: &str| scene.world.call(Ask::post(format!("/v1/jobs/{name}"), &json!({})).by(&scene.owner_now())).ok(200);
    let resumed = || {
        let events = scene.world.store.contents().events;
        events.iter().filter(|event| event.kind.as_str() == "job.resumed").count()
    };
    order("pause");
    for _ in 0..MANY {
        report_with(&scene, &scene.owner_now(), &json!({})).ok(202);
    }
    scene.world.settle();
    for _ in 0..3 {
        scene.world.clock.advance(WAITS_AT_MOST);
        scene.world.platform_sweep().expect("nothing fails");
    }
    assert_eq!((resumed(), scene.world.queues.len(Queue::Jobs)), (0, 0), "they are paused");
    // Whoever resumes them is lost with the messages.
    order("resume");
    deliver(&scene);
    for delivery in scene.world.receive(Queue::Jobs, MANY) {
        scene.world.queues.delete(&delivery.message);
    }
    let asked_for = resumed();
    scene.world.clock.advance(WAITS_AT_MOST);
    scene.world.platform_sweep().expect("nothing fails");
    assert_eq!(resumed() - asked_for, LINE_SHOWN, "the first of them");
    scene.world.settle();
    assert!(scene.world.store.jobs().iter().all(|job| job.status == JobStatus::Succeeded), "each asks for the next");
    scene.comes_to_rest();
}

#[test]
fn i12_resuming_is_one_commit_whoever_is_lost() {
    for fault in [Fault::Unavailable, Fault::TimedOutAfter] {
        let scene = Scene::new();
        let order = |name: &str| {
            scene.world.call(Ask::post(format!("/v1/jobs/{name}"), &json!({})).by(&scene.owner_now()).key(name))
        };
        order("pause").ok(200);
        let id = report_with(&scene, &scene.owner_now(), &json!({})).ok(202).id();
        scene.world.settle();
        scene.world.faults.fail("platform.commit", 1, fault);
        assert_eq!(order("resume").status, 503, "{fault:?}");
        order("resume").ok(200);
        scene.world.settle();
        assert_eq!(status(&scene, &id), "succeeded", "{fault:?}");
        scene.comes_to_rest();
    }
}

#[test]
fn a_message_finds_nothing_to_do_when_its_job_was_worked_on_by_another() {
    let scene = Scene::new();
    let [one, two] = [(); 2].map(|()| report_with(&scene, &scene.owner_now(), &json!({})).ok(202).id());
    deliver(&scene);
    assert_eq!(scene.world.work(Queue::Jobs), [Fate::Done, Fate::Done]);
    assert_eq!((status(&scene, &one), status(&scene, &two)), (json!("succeeded"), json!("succeeded")));
    scene.comes_to_rest();
}
