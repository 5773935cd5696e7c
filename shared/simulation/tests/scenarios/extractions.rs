//! J7: documents that are read by a model, with a model that is busy, slow, wrong, and paid for.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, Consumer, run};
use domain::event::Queue;
use domain::job::{LEASE, TIME_OUT};
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

/// What is reserved for one of the documents is a bit more than 5,000.
const ONE_AT_A_TIME: u64 = 6_000;

fn job(scene: &Scene, id: &str) -> Value {
    scene.world.show(&scene.owner_now(), &format!("/v1/jobs/{id}"))
}

fn read(scene: &Scene, name: &str) -> Value {
    let id = scene.world.extraction(&scene.owner_now(), name).id();
    scene.world.run_until_quiet();
    job(scene, &id)
}

fn allow(scene: &Scene, tokens: u64) {
    let ask = Ask::new("PUT", "/v1/settings/extractions").json(&json!({ "tokens_per_month": tokens }));
    scene.world.call(ask.by(&scene.owner_now())).ok(200);
}

fn spent(scene: &Scene) -> u64 {
    scene.world.show(&scene.owner_now(), "/v1/settings/extractions")["tokens_spent"].as_u64().expect("a number")
}

fn paid(scene: &Scene) -> u64 {
    scene.world.model.paid().iter().map(|usage| usage.input_tokens + usage.output_tokens).sum()
}

fn ends(scene: &Scene, id: &str) -> usize {
    let contents = scene.world.store.contents();
    let is_end = |kind: &str| matches!(kind, "job.succeeded" | "job.failed" | "job.cancelled");
    contents.events.iter().filter(|event| event.subject == id && is_end(event.kind.as_str())).count()
}

fn code(done: &Value) -> (&str, &str) {
    (done["status"].as_str().unwrap_or_default(), done["error"]["code"].as_str().unwrap_or_default())
}

#[test]
fn b19_what_may_be_spent_is_set_by_who_has_seen_what_was_set() {
    let scene = Scene::new();
    let path = "/v1/settings/extractions";
    let put = |tag: &str| {
        let ask = Ask::new("PUT", path).json(&json!({ "tokens_per_month": 50_000 })).header("if-match", tag);
        scene.world.call(ask.by(&scene.owner_now()))
    };
    let get = || scene.world.call(Ask::get(path).by(&scene.owner_now())).ok(200);
    let tag = |answer: &Answer| answer.header("etag").expect("an ETag").to_owned();
    let first = tag(&get());
    let second = tag(&put(&first).ok(200));
    put(&first).refused(412, "precondition_failed");
    assert_eq!(tag(&get()), second);
    read(&scene, "invoice.txt");
    let known = Ask::get(path).header("if-none-match", &second).by(&scene.owner_now());
    let shown = scene.world.call(known).ok(200);
    assert_ne!(shown.json["tokens_spent"], 0, "that something was spent is news");
    put(&second).ok(200);
    put("*").ok(200);
    put(&second).refused(412, "precondition_failed");
}

#[test]
fn j7_what_a_document_says_is_told_to_who_reads_the_job_and_nowhere_else() {
    let scene = Scene::new();
    let asked = scene.world.extraction(&scene.owner_now(), "invoice.txt");
    assert_eq!(asked.header("location"), Some(format!("/api/v1/jobs/{}", asked.id()).as_str()));
    assert_eq!((asked.text("/kind"), asked.text("/status")), ("extraction".to_owned(), "queued".to_owned()));
    scene.world.run_until_quiet();
    let done = job(&scene, &asked.id());
    let line = |description: &str, quantity: Value, unit_amount: i64, amount: i64| {
        json!({
            "description": description, "quantity": quantity, "unit_amount": unit_amount, "amount": amount,
        })
    };
    let lines = [
        line("Green tea", json!(2), 350, 700),
        line("Hour of advice", json!(1.5), 4_000, 6_000),
        line("Discount", json!(1), -500, -500),
    ];
    let fields = json!({
        "supplier": "Green Tea Ltd.", "date": "2026-10-31", "lines": lines, "total_amount": 6_200, "currency": "EUR",
    });
    assert_eq!((&done["status"], &done["result"]), (&json!("succeeded"), &fields));
    let log = done["log"].to_string();
    assert!(log.contains("3 lines") && !log.contains("Tea"), "{log}");
    let listed = scene.world.show(&scene.owner_now(), "/v1/jobs");
    assert!(!listed.to_string().contains("Green Tea"), "{listed}");
    let debug = format!("{:?}", scene.world.store.jobs());
    assert!(!debug.contains("Green") && !debug.contains("6200"), "{debug}");
    assert_eq!((spent(&scene), ends(&scene, &asked.id())), (paid(&scene), 1));
    // That no event tells of it is an invariant.
    scene.comes_to_rest();
}

#[test]
fn j7_an_answer_that_does_not_add_up_is_refused_and_paid_for() {
    for (name, expected, why) in [
        ("wrong_total.txt", "answer_refused", "total_does_not_add_up"),
        ("nonsense.txt", "answer_refused", "not_of_the_schema"),
        ("unfinished.txt", "answer_refused", "unfinished"),
        ("refused.txt", "document_refused", "document_refused"),
    ] {
        let scene = Scene::new();
        let done = read(&scene, name);
        assert_eq!((code(&done), &done["result"]), (("failed", expected), &Value::Null), "{name}");
        let log = done["log"].to_string();
        assert!(log.contains(why) && !log.contains("Tea") && !log.contains("62.00"), "{log}");
        assert_eq!(spent(&scene), paid(&scene), "{name}");
        scene.comes_to_rest();
    }
}

#[test]
fn j7_a_model_that_is_busy_is_waited_for_and_that_is_no_fault() {
    let scene = Scene::new();
    let id = scene.world.extraction(&scene.owner_now(), "flaky.txt").id();
    scene.world.run_until_quiet();
    let done = job(&scene, &id);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("succeeded"), &json!(1)), "{done}");
    assert_eq!(spent(&scene), paid(&scene), "what was not begun is given back");
    scene.comes_to_rest();
}

#[test]
fn j7_f3_a_busy_model_holds_up_no_other_job_and_buries_no_message() {
    let scene = Scene::new();
    let owner = scene.owner_now();
    let file = scene.world.file(&owner, "throttled.txt").id();
    scene.world.run_until_quiet();
    let ask = || Ask::post("/v1/extractions", &json!({ "file_id": file })).by(&owner).key(&scene.world.new_key());
    let asked: Vec<String> = (0..5).map(|_| scene.world.call(ask()).ok(202).id()).collect();
    let report = scene.world.report(&owner, "payments").id();
    let unwanted = &asked[4];
    scene.world.settle();
    assert_eq!(job(&scene, &report)["status"], "succeeded");
    assert!(asked.iter().all(|id| job(&scene, id)["status"] == "scheduled"), "out of the line");
    assert!(scene.world.queues.is_empty(Queue::Jobs));
    let cancel = Ask::post(format!("/v1/jobs/{unwanted}/cancel"), &json!({})).by(&scene.owner_now());
    assert_eq!(scene.world.call(cancel).ok(202).text("/status"), "cancelled");

    scene.world.clock.advance(TIME_OUT);
    scene.world.platform_sweep().expect("nothing fails");
    for id in &asked[..4] {
        assert_eq!(code(&job(&scene, id)), ("failed", "timed_out"), "{}", job(&scene, id));
    }
    assert!(scene.world.queues.take_dead_letters(Queue::Jobs).is_empty(), "its message has done nothing wrong");
    assert_eq!((spent(&scene), paid(&scene)), (0, 0));
    scene.comes_to_rest();
}

#[test]
fn j7_a_call_without_an_answer_counts_as_paid_and_is_tried_again() {
    let scene = Scene::new();
    let id = scene.world.extraction(&scene.owner_now(), "invoice.txt").id();
    scene.world.faults.fail("model.extract", 1, Fault::TimedOutAfter);
    scene.world.run_until_quiet();
    let done = job(&scene, &id);
    assert_eq!((&done["status"], &done["attempts"], ends(&scene, &id)), (&json!("succeeded"), &json!(2), 1));
    assert_eq!(scene.world.model.paid().len(), 2);
    assert!(spent(&scene) > 5_000 && spent(&scene) >= paid(&scene));
    scene.comes_to_rest();
}

#[test]
fn j7_a_worker_may_fail_anywhere_and_the_document_has_one_result_within_the_cap() {
    for operation in ["jobs.get", "files.get", "blobs.beginning", "allowances.settings", "platform.commit", "model."] {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
            for nth in 1..=3 {
                let scene = Scene::new();
                let id = scene.world.extraction(&scene.owner_now(), "invoice.txt").id();
                assert!(scene.world.deliver(Consumer::OutboxPublish));
                scene.world.faults.fail(operation, nth, fault);
                scene.world.work(Queue::Jobs);
                scene.world.run_until_quiet();
                if nth == 1 {
                    scene.every_fault_has_struck();
                }
                // Of the others some are never come by.
                scene.world.faults.heal();
                let case = format!("{operation} {fault:?} {nth}");
                assert_eq!((&job(&scene, &id)["status"], ends(&scene, &id)), (&json!("succeeded"), 1), "{case}");
                assert!(scene.world.model.paid().len() <= 2, "{case}");
                scene.comes_to_rest();
            }
        }
    }
}

#[test]
fn j7_a_worker_that_dies_after_the_call_costs_a_second_one_and_never_a_second_result() {
    let scene = Scene::new();
    let id = scene.world.extraction(&scene.owner_now(), "invoice.txt").id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    let [delivery] = scene.world.receive(Queue::Jobs, 1).try_into().expect("one message");
    // Taken, reserved; then neither the end nor giving it back is written.
    scene.world.faults.fail("platform.commit", 3, Fault::Unavailable);
    scene.world.faults.fail("platform.commit", 4, Fault::Unavailable);
    run(scene.world.step(Queue::Jobs, &delivery.notice)).expect_err("its end was not written");
    assert_eq!(job(&scene, &id)["status"], "running");
    scene.world.queues.delete(&delivery.message);
    scene.world.clock.advance(LEASE);
    scene.world.platform_sweep().expect("nothing fails");
    scene.world.run_until_quiet();
    assert_eq!((&job(&scene, &id)["status"], ends(&scene, &id)), (&json!("succeeded"), 1));
    assert_eq!(scene.world.model.paid().len(), 2);
    assert!(spent(&scene) > 5_000, "the lost reservation stays counted");
    scene.comes_to_rest();
}

#[test]
fn j7_over_the_cap_a_job_ends_at_once_and_nothing_is_asked() {
    let scene = Scene::new();
    allow(&scene, 5_000);
    let done = read(&scene, "invoice.txt");
    assert_eq!((code(&done), scene.world.model.paid().len(), spent(&scene)), (("failed", "budget_exhausted"), 0, 0));
    let id = done["id"].as_str().expect("an id").to_owned();
    allow(&scene, ONE_AT_A_TIME);
    scene.world.call(Ask::new("POST", format!("/v1/jobs/{id}/retry")).by(&scene.owner_now()).key("again")).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(job(&scene, &id)["status"], "succeeded");
    // What is left of the month is too little; what the operator allows is no matter.
    assert_eq!(code(&read(&scene, "wrong_total.txt")), ("failed", "answer_refused"));
    allow(&scene, u64::from(u32::MAX));
    for _ in 0..30 {
        let done = read(&scene, "invoice.txt");
        if code(&done) == ("failed", "budget_exhausted") {
            scene.world.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
            assert_eq!(read(&scene, "invoice.txt")["status"], "succeeded", "another month");
            return scene.comes_to_rest();
        }
    }
    panic!("the operator's cap is never reached");
}

#[test]
fn j7_parallel_jobs_never_spend_more_together() {
    let scene = Scene::new();
    allow(&scene, 2 * ONE_AT_A_TIME);
    let ids: Vec<String> = (0..4).map(|_| scene.world.extraction(&scene.owner_now(), "time_out.txt").id()).collect();
    scene.world.run_until_quiet();
    let calls = scene.world.model.paid().len();
    assert_eq!(calls, 2, "each is counted as if it had been answered at length");
    let exhausted = ids.iter().filter(|id| code(&job(&scene, id)) == ("failed", "budget_exhausted")).count();
    assert_eq!(exhausted, 4, "tried again, they find nothing left");
    assert!(spent(&scene) <= 2 * ONE_AT_A_TIME);
    scene.comes_to_rest();
}

#[test]
fn j7_what_no_model_could_read_is_refused_at_once() {
    let scene = Scene::new();
    let ask = |file: &Answer, caller: &domain::access::Caller| {
        let body = json!({ "file_id": file.id() });
        scene.world.call(Ask::post("/v1/extractions", &body).by(caller).key(&scene.world.new_key()))
    };
    let announced = |content_type: &str, size: u64| {
        let body = json!({
            "name": "big", "content_type": content_type, "size": size, "checksum_sha256": "SS1epJYFbxpqZZIkEDL6t2TDIVljF5MLT6Dh6Lw7dHA=",
        });
        scene.world.call(Ask::post("/v1/files", &body).by(&scene.owner_now()).key(&scene.world.new_key())).ok(201)
    };
    let owner = scene.owner_now();
    ask(&announced("application/pdf", 4_500_001), &owner).refused(400, "invalid_fields");
    ask(&announced("image/png", 3_750_001), &owner).refused(400, "invalid_fields");
    ask(&announced("application/pdf", 4_500_000), &owner).refused(409, "illegal_state");
    let of_another = scene.world.sign_up("coffee").owner.caller;
    let file = scene.world.file(&owner, "invoice.txt");
    scene.world.run_until_quiet();
    ask(&file, &of_another).refused(404, "not_found");
    let done = ask(&file, &owner).ok(202).id();
    scene.world.call(Ask::delete(format!("/v1/files/{}", file.id())).by(&owner)).ok(204);
    ask(&file, &owner).refused(404, "not_found");
    scene.world.run_until_quiet();
    assert_eq!(code(&job(&scene, &done)), ("failed", "file_gone"));
    scene.comes_to_rest();
}
