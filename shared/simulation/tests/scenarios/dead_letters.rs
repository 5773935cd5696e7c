//! I4: what no worker could do is kept by tenant, looked at and sent back, whoever dies in between.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_simulation::{Answer, Ask, Fate, Tasks};
use domain::backoff::RECEIVES_MAX;
use domain::dead_letter::DeadLetterStatus;
use domain::event::Queue;
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

fn letters(scene: &Scene) -> Vec<Value> {
    scene.world.show(&scene.owner_now(), "/v1/dead_letters")["data"].as_array().expect("a list").clone()
}

fn redrive(scene: &Scene, id: &str, key: &str) -> Answer {
    let ask = Ask::post(format!("/v1/dead_letters/{id}/redrive"), &json!({}));
    scene.world.call(ask.by(&scene.owner_now()).key(key))
}

/// A payment whose message every worker dies of.
fn worn_out(scene: &Scene) -> String {
    let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    for _ in 0..=RECEIVES_MAX {
        drop(scene.world.queues.receive(Queue::Payments, usize::MAX, Duration::ZERO));
    }
    assert_eq!(scene.world.keep_dead_letters(Queue::Payments), 1);
    payment
}

#[test]
fn i4_a_letter_says_why_it_died_and_what_it_was_about() {
    let scene = Scene::new();
    let id = scene.world.dead_letter(&scene.owner_now());
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/dead_letters/{id}"));
    assert_eq!(
        (&shown["queue"], &shown["type"], &shown["status"], &shown["deaths"]),
        (&json!("payments"), &json!("payment.created"), &json!("waiting"), &json!(1))
    );
    assert!(shown["reason"].as_str().expect("a reason").contains("there is no payment"), "{shown}");
    assert!(shown.get("body").is_none() && shown.get("tenant").is_none(), "{shown}");

    let payment = worn_out(&scene);
    let about: Vec<Value> = letters(&scene).iter().map(|letter| letter["subject"].clone()).collect();
    assert_eq!((about.len(), &about[0]), (2, &json!(payment)), "newest first");
    assert_eq!(
        (&letters(&scene)[0]["reason"], &letters(&scene)[0]["receive_count"]),
        (&Value::Null, &json!(RECEIVES_MAX))
    );
    let queues = scene.world.show(&scene.owner_now(), "/v1/dead_letters/queues");
    let waiting = |name: &str| {
        let queues = queues["data"].as_array().expect("queues");
        queues.iter().find(|queue| queue["queue"] == name).map(|queue| queue["waiting"].clone())
    };
    assert_eq!((waiting("payments"), waiting("webhooks")), (Some(json!(2)), Some(json!(0))));
}

#[test]
fn i4_a_letter_sent_back_is_worked_on() {
    let scene = Scene::new();
    let payment = worn_out(&scene);
    let id = letters(&scene)[0]["id"].as_str().expect("an id").to_owned();
    let first = redrive(&scene, &id, "once").ok(202);
    assert_eq!(first.text("/status"), "redriven");
    assert_eq!(redrive(&scene, &id, "once").ok(202).body, first.body, "the same request again");
    redrive(&scene, &id, "twice").refused(409, "illegal_state");
    assert_eq!(scene.world.queues.len(Queue::Payments), 1, "it was sent once");
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"))["status"], "succeeded");
    let events = scene.world.store.contents().events;
    assert_eq!(events.iter().filter(|event| event.kind.as_str() == "dead_letter.redriven").count(), 1);
    scene.comes_to_rest();
}

#[test]
fn i4_a_letter_that_dies_again_is_the_same_letter() {
    let scene = Scene::new();
    let id = scene.world.dead_letter(&scene.owner_now());
    redrive(&scene, &id, "once").ok(202);
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Buried]);
    assert_eq!(scene.world.keep_dead_letters(Queue::Payments), 1);
    let [letter] = &letters(&scene)[..] else { panic!("one letter: {:?}", letters(&scene)) };
    assert_eq!((&letter["id"], &letter["deaths"], &letter["status"]), (&json!(id), &json!(2), &json!("waiting")));
}

#[test]
fn i4_a_repeated_request_sends_nothing_though_the_letter_has_died_again() {
    let scene = Scene::new();
    let id = scene.world.dead_letter(&scene.owner_now());
    let first = redrive(&scene, &id, "once").ok(202);
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Buried]);
    assert_eq!(scene.world.keep_dead_letters(Queue::Payments), 1);
    assert_eq!(redrive(&scene, &id, "once").ok(202).body, first.body, "the same request again");
    assert!(scene.world.queues.is_empty(Queue::Payments), "nothing was sent");
    assert_eq!(letters(&scene)[0]["status"], "waiting");
}

#[test]
fn i4_whoever_dies_between_sending_and_marking_loses_nothing() {
    for (operation, fault) in [
        ("queues.send_back", Fault::Unavailable),
        ("queues.send_back", Fault::TimedOutAfter),
        ("platform.commit", Fault::Unavailable),
        ("platform.commit", Fault::TimedOutAfter),
    ] {
        let scene = Scene::new();
        let payment = worn_out(&scene);
        let id = letters(&scene)[0]["id"].as_str().expect("an id").to_owned();
        scene.world.faults.fail(operation, 1, fault);
        let first = redrive(&scene, &id, "once");
        assert_eq!(first.status, 503, "{operation} {fault:?}");
        redrive(&scene, &id, "once").ok(202);
        assert!(scene.world.queues.len(Queue::Payments) >= 1, "{operation} {fault:?}");
        scene.world.run_until_quiet();
        assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"))["status"], "succeeded");
        let kept = scene.world.store.contents().dead_letters;
        assert!(kept.iter().all(|letter| letter.status == DeadLetterStatus::Redriven), "{operation} {fault:?}");
        scene.comes_to_rest();
    }
}

/// Polls whoever sends back until a message is in the queue; its worker buries it, and the death is kept, before it is marked.
fn dies_before_it_is_marked<T>(scene: &Scene, sending: impl Future<Output = T>) -> T {
    scene.world.faults.give_way_at_each_call();
    let mut tasks = Tasks::default();
    tasks.start((), sending);
    while scene.world.queues.is_empty(Queue::Payments) {
        assert!(tasks.poll(0).is_none(), "nothing was sent");
    }
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Buried]);
    assert_eq!(scene.world.keep_dead_letters(Queue::Payments), 1);
    loop {
        if let Some(((), ended)) = tasks.poll(0) {
            return ended;
        }
    }
}

#[test]
fn i4_a_letter_that_dies_again_before_it_is_marked_waits() {
    let scene = Scene::new();
    let id = scene.world.dead_letter(&scene.owner_now());
    let one = || Ask::post(format!("/v1/dead_letters/{id}/redrive"), &json!({})).by(&scene.owner_now());
    let all = || Ask::post("/v1/dead_letters/redrive", &json!({ "queue": "payments" })).by(&scene.owner_now());
    let waits = |by: &str| assert_eq!(letters(&scene)[0]["status"], "waiting", "{by}: it is in no queue");

    let answer = dies_before_it_is_marked(&scene, scene.world.calling(one().key("one")));
    answer.refused(409, "request_in_progress");
    waits("by its id");
    let answer = dies_before_it_is_marked(&scene, scene.world.calling(all().key("all")));
    assert_eq!(answer.ok(200).json["redriven"], 0);
    waits("with its queue");
    let question = json!({ "dead_letters": "redrive", "queue": "payments" });
    let answer = dies_before_it_is_marked(&scene, scene.world.asking_keeper(&question)).expect("an answer");
    assert_eq!((&answer["redriven"], &answer["failed"]), (&json!([]), &json!([])));
    waits("by an operator");

    scene.world.call(one().key("one")).ok(202);
    assert_eq!(scene.world.queues.len(Queue::Payments), 1, "a request that was refused may come again");
}

#[test]
fn i4_a_queue_is_sent_back_as_a_whole() {
    let scene = Scene::new();
    for _ in 0..45 {
        scene.world.dead_letter(&scene.owner_now());
    }
    let drain = |key: &str| {
        let ask = Ask::post("/v1/dead_letters/redrive", &json!({ "queue": "payments" }));
        scene.world.call(ask.by(&scene.owner_now()).key(key)).ok(200).json
    };
    assert_eq!(drain("a"), json!({ "queue": "payments", "redriven": 40, "more": true }));
    assert_eq!(drain("a"), json!({ "queue": "payments", "redriven": 40, "more": true }), "the same request again");
    assert_eq!(scene.world.queues.len(Queue::Payments), 40);
    assert_eq!(drain("b"), json!({ "queue": "payments", "redriven": 5, "more": false }));
    assert_eq!(drain("c")["redriven"], 0);
    assert_eq!(scene.world.queues.len(Queue::Payments), 45);
    let refused = Ask::post("/v1/dead_letters/redrive", &json!({ "queue": "post" })).by(&scene.owner_now());
    scene.world.call(refused).refused(400, "invalid_fields");
}

#[test]
fn i4_nobody_sees_another_tenant_s_letters() {
    let scene = Scene::new();
    let id = scene.world.dead_letter(&scene.owner_now());
    let other = scene.world.sign_up("other").owner.caller;
    assert_eq!(scene.world.show(&other, "/v1/dead_letters")["data"], json!([]));
    scene.world.call(Ask::get(format!("/v1/dead_letters/{id}")).by(&other)).refused(404, "not_found");
    let ask = Ask::post(format!("/v1/dead_letters/{id}/redrive"), &json!({})).by(&other);
    scene.world.call(ask).refused(404, "not_found");
    let ask = Ask::post("/v1/dead_letters/redrive", &json!({ "queue": "payments" })).by(&other);
    assert_eq!(scene.world.call(ask).ok(200).json["redriven"], 0);
    assert!(scene.world.queues.is_empty(Queue::Payments));
}

#[test]
fn i4_the_operator_s_command_and_the_api_see_the_same() {
    let scene = Scene::new();
    let [one, two] = [(); 2].map(|()| scene.world.dead_letter(&scene.owner_now()));
    let other = scene.world.sign_up("other").owner.caller;
    let foreign = scene.world.dead_letter(&other);
    let listed = |queue: &str| {
        let answer = scene.world.ask_keeper(&json!({ "dead_letters": "list", "queue": queue })).expect("a list");
        let letters = answer["letters"].as_array().expect("letters").iter();
        letters.map(|letter| letter["id"].as_str().expect("an id").to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(listed("payments"), BTreeSet::from([one.clone(), two.clone(), foreign.clone()]));
    assert!(listed("webhooks").is_empty());
    redrive(&scene, &one, "by API").ok(202);
    let question = json!({ "dead_letters": "redrive", "queue": "payments", "id": two });
    let answer = scene.world.ask_keeper(&question).expect("sent back");
    assert_eq!((&answer["redriven"][0]["id"], &answer["failed"]), (&json!(two), &json!([])));
    assert_eq!(listed("payments"), BTreeSet::from([foreign]));
    assert_eq!(letters(&scene).iter().filter(|letter| letter["status"] == "redriven").count(), 2);
    assert_eq!(scene.world.queues.len(Queue::Payments), 2);
    scene.world.ask_keeper(&json!({ "dead_letters": "burn" })).expect_err("nobody can");
}

#[test]
fn i4_an_operator_finds_all_of_a_queue_behind_whatever_waits_of_others() {
    const OF_OTHERS: usize = 205;
    let scene = Scene::new();
    for _ in 0..OF_OTHERS {
        scene.world.dead_letter(&scene.owner_now());
    }
    scene.world.clock.advance(Duration::from_secs(1));
    let sought = scene.world.dead_letter_of(Queue::Refunds, &scene.owner_now());
    let ask_all = |mut question: Value, field: &str| {
        let mut found = Vec::new();
        loop {
            let mut answer = scene.world.ask_keeper(&question).expect("an answer");
            found.extend(answer[field].as_array().expect("letters").iter().map(|letter| letter["id"].clone()));
            question["from"] = answer["next"].take();
            if question["from"].is_null() {
                return found;
            }
        }
    };
    assert_eq!(ask_all(json!({ "dead_letters": "list", "queue": "refunds" }), "letters"), [json!(sought)]);
    assert_eq!(ask_all(json!({ "dead_letters": "list" }), "letters").len(), OF_OTHERS + 1);
    let one = json!({ "dead_letters": "redrive", "queue": "refunds", "id": sought });
    assert_eq!(ask_all(one, "redriven"), [json!(sought)]);
    let all = json!({ "dead_letters": "redrive", "queue": "payments" });
    assert_eq!(ask_all(all, "redriven").len(), OF_OTHERS);
    assert_eq!((scene.world.queues.len(Queue::Payments), scene.world.queues.len(Queue::Refunds)), (OF_OTHERS, 1));
}

#[test]
fn i4_an_operator_sends_back_once_what_dies_again() {
    let scene = Scene::new();
    for _ in 0..101 {
        scene.world.dead_letter(&scene.owner_now());
    }
    let mut question = json!({ "dead_letters": "redrive", "queue": "payments" });
    let first = scene.world.ask_keeper(&question).expect("an answer");
    scene.world.clock.advance(Duration::from_secs(1));
    while !scene.world.work(Queue::Payments).is_empty() {}
    assert_eq!(scene.world.keep_dead_letters(Queue::Payments), 100);
    question["from"] = first["next"].clone();
    let second = scene.world.ask_keeper(&question).expect("an answer");
    let redriven = |answer: &Value| answer["redriven"].as_array().expect("letters").len();
    assert_eq!((redriven(&first), redriven(&second), &second["next"]), (100, 1, &Value::Null));
}
