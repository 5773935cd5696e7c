//! I6 to I10, J5: reports as jobs, with workers that fail, stop and are not wanted any longer.

use std::time::Duration;

use coffer_simulation::{Ask, Fate, Tasks, run};
use domain::event::Queue;
use domain::job::{ENDED_KEPT_FOR, LEASE, TIME_OUT, WAITS_AT_MOST};
use domain::listing::ROWS_MAX;
use domain::time::Timestamp;
use memory::Fault;
use ports::blobs::{Blob, BlobKey, Blobs};
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::Scene;

fn job(scene: &Scene, id: &str) -> Value {
    scene.world.show(&scene.owner_now(), &format!("/v1/jobs/{id}"))
}

/// A shop with enough payments for some parts.
fn busy() -> Scene {
    let scene = Scene::new();
    for amount in 1..=6 {
        scene.world.pay(&scene.owner_now(), None, amount * 100, "tok_success");
    }
    scene.world.run_until_quiet();
    scene
}

fn told(scene: &Scene, id: &str, kind: &str) -> usize {
    let contents = scene.world.store.contents();
    contents.events.iter().filter(|event| event.subject == id && event.kind.as_str() == kind).count()
}

/// Payments over some minutes.
fn many(scene: &Scene, count: i64) {
    for amount in 1..=count {
        scene.world.pay(&scene.owner_now(), None, amount, "tok_success");
        if amount % 20 == 0 {
            scene.world.clock.advance(Duration::from_secs(60));
        }
    }
    scene.world.run_until_quiet();
}

/// What the job's row has for the next worker.
fn checkpoint(scene: &Scene, id: &str) -> String {
    let job = scene.world.store.jobs().into_iter().find(|job| job.id.to_string() == id);
    job.and_then(|job| job.checkpoint).unwrap_or_default()
}

/// The objects that reports are made of.
fn left_of_reports(scene: &Scene) -> Vec<BlobKey> {
    let mut keys = scene.world.blobs.keys();
    keys.retain(|key| matches!(key.blob, Blob::Report(..) | Blob::Rest(..)));
    keys
}

/// Receives its message and works on it.
fn work(scene: &Scene) -> Vec<Fate> {
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    scene.world.work(Queue::Jobs)
}

#[test]
fn j5_a_report_has_what_was_there_when_it_was_made() {
    let scene = Scene::new();
    scene.world.pay(&scene.owner_now(), None, 700, "tok_success");
    let made = scene.world.report(&scene.owner_now(), "payments");
    // What reads eventually does not see the payment yet.
    scene.world.faults.fail("payments.list", 1, Fault::Stale);
    assert_eq!(work(&scene), [Fate::Done]);
    let done = job(&scene, &made.id());
    assert_eq!((&done["status"], &done["result"]["rows"]), (&json!("succeeded"), &json!(1)));
    scene.comes_to_rest();
}

#[test]
fn j5_a_report_is_a_file_of_its_rows_by_a_link_that_ends() {
    let scene = busy();
    let made = scene.world.report(&scene.owner_now(), "payments");
    assert_eq!((made.text("/status"), made.json["result"].clone()), ("queued".to_owned(), Value::Null));
    scene.world.run_until_quiet();
    let done = job(&scene, &made.id());
    assert_eq!(
        (&done["status"], &done["progress"], &done["result"]["rows"]),
        (&json!("succeeded"), &json!(100), &json!(6))
    );
    let url = done["result"]["url"].clone();
    let download = |url: &Value| scene.world.download(&json!({ "download_url": url }));
    let body = String::from_utf8(download(&url).body).expect("text");
    assert_eq!(body.lines().count(), 7);
    assert_eq!(body.len() as u64, done["result"]["size"].as_u64().expect("a size"));
    scene.world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(download(&url).status, 403);
    assert_eq!(download(&job(&scene, &made.id())["result"]["url"]).status, 200);
    scene.comes_to_rest();
}

#[test]
fn i6_a_worker_may_fail_anywhere_and_the_job_has_one_end() {
    for operation in ["jobs.get", "platform.commit", "payments.list", "blobs.begin", "blobs.put_part", "blobs.complete"]
    {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
            for nth in 1..=2 {
                let scene = busy();
                many(&scene, 200);
                let id = scene.world.report(&scene.owner_now(), "payments").id();
                assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
                scene.world.faults.fail(operation, nth, fault);
                scene.world.work(Queue::Jobs);
                scene.world.run_until_quiet();
                if nth == 1 {
                    scene.every_fault_has_struck();
                }
                // Of the others some are never come by.
                scene.world.faults.heal();
                let done = job(&scene, &id);
                assert_eq!(
                    (&done["status"], &done["result"]["rows"]),
                    (&json!("succeeded"), &json!(206)),
                    "{operation} {fault:?}"
                );
                assert_eq!(told(&scene, &id, "job.succeeded"), 1, "{operation} {fault:?}");
                scene.comes_to_rest();
            }
        }
    }
}

#[test]
fn i6_a_job_whose_worker_is_lost_goes_on_when_its_lease_is_over() {
    let scene = busy();
    let id = scene.world.report(&scene.owner_now(), "payments").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    let [delivery] = scene.world.receive(Queue::Jobs, 1).try_into().expect("one message");
    // It takes the job, and not even giving it back works.
    scene.world.faults.fail("payments.list", 1, Fault::Unavailable);
    scene.world.faults.fail("platform.commit", 2, Fault::Unavailable);
    run(scene.world.step(Queue::Jobs, &delivery.notice)).expect_err("it could not go on");
    assert_eq!(job(&scene, &id)["status"], "running");
    run(scene.world.step(Queue::Jobs, &delivery.notice)).expect("another worker has it");
    assert_eq!(job(&scene, &id)["status"], "running");
    scene.world.queues.delete(&delivery.message);
    scene.world.clock.advance(LEASE);
    scene.world.platform_sweep().expect("nothing fails");
    assert_eq!(job(&scene, &id)["status"], "queued");
    scene.world.run_until_quiet();
    assert_eq!(
        (job(&scene, &id)["status"].clone(), job(&scene, &id)["attempts"].clone()),
        (json!("succeeded"), json!(2))
    );
    scene.comes_to_rest();
}

#[test]
fn a_job_whose_message_is_lost_is_asked_for_again() {
    let scene = busy();
    let id = scene.world.report(&scene.owner_now(), "ledger").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    let [delivery] = scene.world.receive(Queue::Jobs, 1).try_into().expect("one message");
    scene.world.queues.delete(&delivery.message);
    scene.world.clock.advance(WAITS_AT_MOST);
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &id)["status"], "succeeded");
    scene.comes_to_rest();
}

#[test]
fn i6_i9_i14_long_work_is_spread_over_workers_and_loses_nothing() {
    let scene = Scene::new();
    let began = scene.world.clock.now();
    many(&scene, 306);
    scene.world.job_patience.set(Duration::ZERO);
    let id = report_since(&scene, "payments", began);
    let mut progress = vec![0];
    while job(&scene, &id)["status"] != "succeeded" {
        assert_eq!(work(&scene), [Fate::Done]);
        progress.push(job(&scene, &id)["progress"].as_u64().expect("per cent"));
        // I14: what was read is beside the row, not in it.
        assert!(checkpoint(&scene, &id).len() < 1_000, "{}", checkpoint(&scene, &id));
        assert!(progress.len() < 20, "it never ends: {}", job(&scene, &id));
    }
    // 100 payments each, and what is left. I9: each has got further, and none but the last to the end.
    assert_eq!((progress.len() - 1, progress.last()), (4, Some(&100)), "{progress:?}");
    assert!(progress.is_sorted_by(|before, after| before < after), "{progress:?}");
    let done = job(&scene, &id);
    assert_eq!((&done["result"]["rows"], &done["attempts"]), (&json!(306), &json!(1)));
    scene.comes_to_rest();
}

#[test]
fn i8_a_job_that_is_wanted_no_longer_stops() {
    let scene = busy();
    let id = scene.world.report(&scene.owner_now(), "payments").id();
    let cancel = || scene.world.call(Ask::post(format!("/v1/jobs/{id}/cancel"), &json!({})).by(&scene.owner_now()));
    assert_eq!(cancel().ok(202).text("/status"), "cancelled");
    cancel().refused(409, "illegal_state");
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &id)["status"], "cancelled");

    // One that runs: its worker sees it at its next look.
    let running = scene.world.report(&scene.owner_now(), "payments").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    let [delivery] = scene.world.receive(Queue::Jobs, 1).try_into().expect("one message");
    scene.world.faults.fail("payments.list", 1, Fault::Unavailable);
    scene.world.faults.fail("platform.commit", 2, Fault::Unavailable);
    run(scene.world.step(Queue::Jobs, &delivery.notice)).expect_err("it could not go on");
    let ask = Ask::post(format!("/v1/jobs/{running}/cancel"), &json!({})).by(&scene.owner_now());
    let shown = scene.world.call(ask).ok(202);
    assert_eq!((shown.text("/status"), shown.json["cancel_requested"].clone()), ("running".to_owned(), json!(true)));
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &running)["status"], "cancelled");
    assert_eq!(told(&scene, &running, "job.cancelled"), 1);
    scene.comes_to_rest();
}

#[test]
fn i8_a_worker_that_is_at_it_stops_at_its_next_look() {
    let scene = busy();
    many(&scene, 300);
    let id = scene.world.report(&scene.owner_now(), "payments").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    let batch = scene.world.receive(Queue::Jobs, 1);
    scene.world.faults.forget_calls();
    scene.world.faults.give_way_at_each_call();
    let mut workers = Tasks::default();
    workers.start((), scene.world.work_on(Queue::Jobs, &batch));
    while scene.world.faults.calls("payments.list") < 2 {
        assert!(workers.poll(0).is_none(), "it is at its second page");
    }
    let cancel = Ask::post(format!("/v1/jobs/{id}/cancel"), &json!({})).by(&scene.owner_now());
    let shown = scene.world.call(cancel).ok(202);
    assert_eq!((shown.text("/status"), shown.json["cancel_requested"].clone()), ("running".to_owned(), json!(true)));
    let fates = loop {
        if let Some(((), fates)) = workers.poll(0) {
            break fates;
        }
    };
    let cancelled = job(&scene, &id);
    assert_eq!(
        (&fates[..], &cancelled["status"], &cancelled["result"]),
        (&[Fate::Done][..], &json!("cancelled"), &Value::Null)
    );
    assert!(scene.world.faults.calls("payments.list") < 4, "it does not read to the end");
    assert_eq!((told(&scene, &id, "job.cancelled"), left_of_reports(&scene)), (1, vec![]));
    scene.comes_to_rest();
}

#[test]
fn a_failed_job_is_done_when_it_is_asked_for_again() {
    let scene = busy();
    let id = scene.world.failed_report(&scene.owner_now());
    let failed = job(&scene, &id);
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("given_up")));
    let ask = Ask::post(format!("/v1/jobs/{id}/retry"), &json!({})).by(&scene.owner_now()).key("again");
    let again = scene.world.call(ask.clone()).ok(202);
    assert_eq!((again.text("/status"), again.json["attempts"].clone()), ("queued".to_owned(), json!(0)));
    assert_eq!(scene.world.call(ask).ok(202).body, again.body);
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &id)["status"], "succeeded");
    scene.comes_to_rest();
}

#[test]
fn i7_a_job_that_takes_too_long_ends() {
    let scene = busy();
    many(&scene, 300);
    scene.world.job_patience.set(Duration::ZERO);
    let id = scene.world.report(&scene.owner_now(), "payments").id();
    assert_eq!(work(&scene), [Fate::Done]);
    assert_eq!(job(&scene, &id)["status"], "queued", "it goes on in another worker");
    scene.world.clock.advance(TIME_OUT);
    assert_eq!(work(&scene), [Fate::Done]);
    let ended = job(&scene, &id);
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("failed"), &json!("timed_out")));
    assert_eq!(told(&scene, &id, "job.failed"), 1);
    scene.comes_to_rest();
}

#[test]
fn i16_what_has_ended_is_kept_for_thirty_days() {
    let scene = busy();
    let id = scene.world.report(&scene.owner_now(), "payments").id();
    scene.world.run_until_quiet();
    let listed = |status: &str| {
        let ask = Ask::get("/v1/jobs").query("status", status).by(&scene.owner_now());
        let page = scene.world.call(ask).ok(200).json;
        page["data"].as_array().expect("a page").len()
    };
    assert_eq!((listed("succeeded"), listed("queued"), listed("failed")), (1, 0, 0));
    scene.world.clock.advance(ENDED_KEPT_FOR - Duration::from_secs(60));
    scene.world.store.delete_expired(scene.world.clock.now());
    assert_eq!(job(&scene, &id)["status"], "succeeded");
    scene.world.clock.advance(Duration::from_secs(120));
    scene.world.store.delete_expired(scene.world.clock.now());
    let gone = Ask::get(format!("/v1/jobs/{id}")).by(&scene.owner_now());
    scene.world.call(gone).refused(404, "not_found");
}

fn report_as(scene: &Scene, kind: &str, format: &str) -> String {
    ask_for(
        scene,
        &json!({ "kind": kind, "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "format": format }),
    )
}

fn report_since(scene: &Scene, kind: &str, from: Timestamp) -> String {
    ask_for(scene, &json!({ "kind": kind, "from": api::rfc3339(from), "to": "2100-01-01T00:00:00Z", "format": "csv" }))
}

fn ask_for(scene: &Scene, body: &Value) -> String {
    let ask = Ask::post("/v1/reports", body).by(&scene.owner_now()).key(&scene.world.new_key());
    scene.world.call(ask).ok(202).id()
}

#[test]
fn j5_a_report_for_people_is_a_document_of_its_rows_and_the_same_again() {
    let scene = busy();
    let documents = [(); 2].map(|()| {
        let id = report_as(&scene, "payments", "pdf");
        scene.world.run_until_quiet();
        let done = job(&scene, &id);
        assert_eq!((&done["status"], &done["result"]["rows"]), (&json!("succeeded"), &json!(6)), "{done}");
        let download = scene.world.download(&json!({ "download_url": done["result"]["url"] }));
        assert!(download.name.ends_with(".pdf"), "{}", download.name);
        String::from_utf8(download.body).expect("what the harness prints").replace(&id, "job")
    });
    assert!(documents[0].contains("EUR captured") && documents[0].contains("EUR 21.00"), "{}", documents[0]);
    assert_eq!(documents[0], documents[1]);
    scene.comes_to_rest();
}

#[test]
fn j5_a_document_of_too_many_rows_is_refused_and_a_file_is_made() {
    let scene = Scene::new();
    for number in 0..=ROWS_MAX {
        scene.world.pay(&scene.owner_now(), None, 100, "tok_success");
        if number % 50 == 0 {
            scene.world.clock.advance(Duration::from_secs(60));
        }
    }
    scene.world.run_until_quiet();
    let document = report_as(&scene, "payments", "pdf");
    let file = report_as(&scene, "payments", "csv");
    scene.world.run_until_quiet();
    let refused = job(&scene, &document);
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!("failed"), &json!("too_many_rows")));
    assert_eq!(job(&scene, &file)["result"]["rows"], json!(ROWS_MAX + 1));
    scene.comes_to_rest();
}

#[test]
fn i6_a_report_that_reads_long_and_writes_little_gets_on_in_every_worker() {
    for format in ["csv", "pdf"] {
        let scene = busy();
        scene.world.wallet(&scene.owner_now(), "EUR");
        scene.world.run_until_quiet();
        scene.world.job_patience.set(Duration::ZERO);
        let id = report_as(&scene, "ledger", format);
        let mut progress = Vec::new();
        while job(&scene, &id)["status"] != "succeeded" {
            assert_eq!(work(&scene), [Fate::Done]);
            progress.push(job(&scene, &id)["progress"].as_u64().expect("per cent"));
            assert!(progress.len() < 30, "it never ends: {}", job(&scene, &id));
        }
        // A page each: the accounts, the entries of each, and that there are no more.
        assert!(progress.len() > 3, "{progress:?}");
        // I9: with the wallets the second half begins.
        progress.dedup();
        assert_eq!(progress, [0, 50, 100], "{format}");
        let done = job(&scene, &id);
        assert_eq!((&done["result"]["rows"], &done["attempts"]), (&json!(12), &json!(1)), "{format}");
        scene.comes_to_rest();
    }
}

#[test]
fn i6_what_a_worker_has_left_and_is_gone_is_read_again() {
    // Of a file the header alone is left, before its first part; of a document all rows so far.
    for (format, workers) in [("csv", 1), ("pdf", 4)] {
        let scene = busy();
        scene.world.job_patience.set(Duration::ZERO);
        let id = report_as(&scene, "ledger", format);
        for _ in 0..workers {
            assert_eq!(work(&scene), [Fate::Done]);
        }
        let left = left_of_reports(&scene);
        assert!(!left.is_empty() && checkpoint(&scene, &id).contains(r#""rest":{"#), "{format}: {left:?}");
        for key in left {
            run(Blobs::delete(scene.world.blobs.as_ref(), key)).expect("nothing fails");
        }
        scene.world.job_patience.set(Duration::from_secs(150));
        scene.world.run_until_quiet();
        let done = job(&scene, &id);
        assert_eq!((&done["status"], &done["result"]["rows"]), (&json!("succeeded"), &json!(12)), "{format}");
        assert!(done["log"].to_string().contains("what was left of it is gone"), "{}", done["log"]);
        scene.comes_to_rest();
    }
}

#[test]
fn j5_a_report_of_a_period_that_is_not_over_ends_when_it_is_asked_for() {
    let scene = busy();
    let made = scene.world.report(&scene.owner_now(), "payments");
    let to = made.text("/report/to");
    assert!(to.starts_with(&api::rfc3339(scene.world.clock.now())[..16]), "{to}");
    scene.world.clock.advance(Duration::from_secs(1));
    scene.world.pay(&scene.owner_now(), None, 700, "tok_success");
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &made.id())["result"]["rows"], 6, "not what came later");
    let body =
        json!({ "kind": "ledger", "from": "2999-01-01T00:00:00Z", "to": "2999-02-01T00:00:00Z", "format": "csv" });
    let refused = scene.world.call(Ask::post("/v1/reports", &body).by(&scene.owner_now()));
    assert_eq!((refused.status, refused.text("/errors/0/code").as_str()), (400, "in_the_future"));
    scene.comes_to_rest();
}
