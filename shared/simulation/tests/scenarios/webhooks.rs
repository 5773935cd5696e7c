//! K: webhooks out, from an event to its receivers: who is told, how what fails comes again, when nobody is told any more.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_simulation::{Ask, World, run};
use domain::event::{Event, EventType, KEPT_FOR, Queue};
use domain::webhook::{ATTEMPTS_MAX, Signature};
use memory::Manner;
use ports::clock::Clock as _;
use ports::commerce::{Commerce as _, Commit};
use ports::webhooks::{Signed, WebhookSigner};
use serde_json::{Value, json};
use webhook::StandardSigner;

use super::Scene;

pub const FIRST: &str = "https://first.example/hooks";
pub const SECOND: &str = "https://second.example/hooks";

/// Time passes by the minute, with all that comes of it.
pub fn pass(world: &World, time: Duration) {
    let end = world.clock.now().plus(time);
    world.settle();
    while world.clock.now() < end {
        world.clock.advance(Duration::from_secs(60).min(end.since(world.clock.now())));
        world.sweep().expect("nothing fails");
        run(world.wake_step()).expect("nothing fails");
        world.settle();
    }
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub fn path(endpoint: &str, rest: &str) -> String {
    format!("/v1/webhook_endpoints/{endpoint}{rest}")
}

pub fn deliveries(scene: &Scene, endpoint: &str) -> Vec<Value> {
    let ask = Ask::get(path(endpoint, "/deliveries")).query("limit", "100").by(&scene.owner_now());
    let shown = scene.world.call(ask).ok(200).json;
    shown["data"].as_array().expect("a list").clone()
}

/// The ids of the tenant's public events of some types, oldest first.
pub fn events(scene: &Scene, family: &str) -> Vec<String> {
    let mut events = scene.world.store.contents().events;
    events.retain(|event| event.tenant.to_string() == scene.shop.tenant && event.kind.as_str().starts_with(family));
    events.sort_by_key(|event| event.id);
    events.into_iter().map(|event| event.id.to_string()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

pub fn order(scene: &Scene) {
    scene.world.order(&scene.owner_now(), 100);
}

#[test]
fn k1_k14_each_endpoint_is_told_of_what_it_wants_and_no_other_tenant_s() {
    let scene = Scene::new();
    let secret = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["payment.succeeded"] }));
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["order.*", "payment.failed"] }));
    let other = scene.world.sign_up("coffee");
    scene.world.endpoint(&other.owner.caller, "https://other.example/hooks", &json!({}));
    let order = scene.world.order(scene.owner(), 500).id();
    scene.world.pay(scene.owner(), Some(&order), 500, "tok_success");
    scene.world.run_until_quiet();
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "payment.succeeded"));
    assert_eq!(sorted(scene.world.receivers.taken(SECOND)), events(&scene, "order."));
    assert_eq!(scene.world.receivers.taken("https://other.example/hooks"), [""; 0]);
    let [got] = &scene.world.receivers.got(FIRST)[..] else { panic!("one request") };
    let (id, at, body) = (got.message.id.as_str(), got.message.at, got.message.body.as_str());
    let secret = domain::secret::Secret::new(secret.text("/secret"));
    let signature = StandardSigner.sign(Signature::Hmac, &secret, Signed { id, at, body }).expect("a signature");
    assert_eq!(got.message.signature, signature, "by the secret that the owner was shown");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let event = scene.world.show(scene.owner(), &format!("/v1/events/{id}"));
    assert_eq!(body, json!({ "type": "payment.succeeded", "timestamp": event["created_at"], "data": event }));
    scene.comes_to_rest();
}

#[test]
fn k3_k12_eight_attempts_over_more_than_a_day_all_in_the_log() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::Answers(500));
    order(&scene);
    pass(&scene.world, Duration::from_secs(36 * 60 * 60));
    let at = scene.world.receivers.at(FIRST);
    let waits: Vec<u64> = at.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    let planned = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
    assert_eq!(at.len(), ATTEMPTS_MAX as usize);
    for (wait, planned) in waits.iter().zip(planned) {
        assert!(*wait >= planned && *wait <= planned + planned / 5 + 60, "{waits:?}");
    }
    let [delivery] = &deliveries(&scene, &id)[..] else { panic!("one delivery") };
    assert_eq!((&delivery["status"], &delivery["next_attempt_at"]), (&json!("failed"), &Value::Null));
    let attempts = delivery["attempts"].as_array().expect("a log");
    assert_eq!(attempts.len(), 8);
    assert!(attempts.iter().all(|one| one["status_code"] == 500 && one["response"] == "simulated"));
    let bodies: Vec<String> = scene.world.receivers.got(FIRST).into_iter().map(|got| got.message.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same bytes at every attempt");
    scene.comes_to_rest();
}

#[test]
fn i3_what_fails_at_one_moment_is_not_tried_again_at_one_moment() {
    let scene = Scene::new();
    for index in 0..20 {
        let url = format!("https://hooks{index}.example/");
        scene.world.endpoint(scene.owner(), &url, &json!({ "types": ["order.*"] }));
        scene.world.receivers.set(&url, Manner::Answers(500));
    }
    order(&scene);
    scene.world.settle();
    let moments = scene.world.store.deliveries().into_iter().map(|delivery| delivery.next_at.expect("it waits"));
    let moments: BTreeSet<_> = moments.collect();
    assert!(moments.len() > 10, "{moments:?} for twenty");
}

#[test]
fn k12_the_log_of_attempts_is_kept_for_thirty_days() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    order(&scene);
    pass(&scene.world, minutes(1));
    let kept_after = |time: Duration| {
        scene.world.store.delete_expired(scene.world.clock.advance(time));
        deliveries(&scene, &id).len()
    };
    assert_eq!(kept_after(KEPT_FOR - minutes(2)), 1);
    assert_eq!(kept_after(minutes(2)), 0);
}

#[test]
fn k4_a_receiver_that_asks_to_wait_is_left_alone_for_that_long() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::AsksToWait(minutes(40)));
    order(&scene);
    pass(&scene.world, minutes(38));
    assert_eq!(scene.world.receivers.at(FIRST).len(), 1);
    scene.world.receivers.heal();
    pass(&scene.world, minutes(12));
    assert_eq!(scene.world.receivers.taken(FIRST).len(), 1);
}

#[test]
fn k5_a_redirect_is_a_failure() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::Answers(302));
    order(&scene);
    scene.world.settle();
    assert_eq!(deliveries(&scene, &id)[0]["status"], "pending");
}

#[test]
fn k8_a_receiver_that_hangs_is_left_alone_by_the_rest_of_a_burst() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for _ in 0..60 {
        order(&scene);
    }
    scene.world.settle();
    assert_eq!(scene.world.receivers.got(FIRST).len(), 5, "then the breaker opens");
    assert_eq!(scene.world.receivers.taken(SECOND).len(), 60, "nobody else is held");
    scene.world.receivers.heal();
    pass(&scene.world, Duration::from_secs(4 * 60 * 60));
    assert_eq!(
        sorted(scene.world.receivers.taken(FIRST)),
        events(&scene, "order."),
        "all of it comes, once it is well"
    );
    scene.comes_to_rest();
}

#[test]
fn k9_no_endpoint_is_sent_more_than_its_rate() {
    let scene = Scene::new();
    let settings = json!({ "types": ["order.*"], "rate_limit_per_second": 2 });
    scene.world.endpoint(scene.owner(), FIRST, &settings);
    for _ in 0..30 {
        order(&scene);
    }
    scene.world.settle();
    for _ in 0..40 {
        scene.world.clock.advance(Duration::from_millis(500));
        scene.world.settle();
    }
    let at = scene.world.receivers.at(FIRST);
    assert_eq!(scene.world.receivers.taken(FIRST).len(), 30, "each waits for its place, and then goes");
    for first in &at {
        let within = at.iter().filter(|it| **it >= *first && it.since(*first) < Duration::from_secs(1)).count();
        assert!(within <= 4, "{within} within a second");
    }
}

#[test]
fn k11_replays_one_what_failed_and_what_was_never_sent() {
    let scene = Scene::new();
    let began = api::rfc3339(scene.world.clock.now());
    order(&scene);
    scene.world.run_until_quiet();
    scene.world.clock.advance(Duration::from_secs(1));
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    order(&scene);
    scene.world.run_until_quiet();
    scene.world.receivers.set(FIRST, Manner::Answers(500));
    order(&scene);
    pass(&scene.world, Duration::from_secs(36 * 60 * 60));
    scene.world.receivers.heal();
    let [before, sent, failed] = &events(&scene, "order.")[..] else { panic!("three events") };
    assert_eq!(scene.world.receivers.taken(FIRST), std::slice::from_ref(sent));
    let replay = |body: Value| {
        let key = body.to_string();
        scene.world.call(Ask::post(path(&id, "/replay"), &body).by(&scene.owner_now()).key(&key)).ok(202);
        pass(&scene.world, minutes(1));
        scene.world.receivers.taken(FIRST).last().cloned().expect("an event")
    };
    assert_eq!(replay(json!({ "failed_since": began })), *failed);
    assert_eq!(replay(json!({ "never_sent_since": began })), *before);
    assert_eq!(replay(json!({ "event_id": sent })), *sent);
    assert_eq!(scene.world.receivers.taken(FIRST).len(), 4, "each once");
    let causes: Vec<Value> = deliveries(&scene, &id).into_iter().map(|it| it["cause"].clone()).collect();
    assert_eq!(causes, ["replay"; 3]);
    let none = [
        json!({}),
        json!({ "event_id": sent, "failed_since": began }),
        json!({ "failed_since": "2999-01-01T00:00:00Z" }),
    ];
    for body in none {
        let ask = Ask::post(path(&id, "/replay"), &body).by(&scene.owner_now());
        assert_eq!(scene.world.call(ask).status, 400, "{body}");
    }
}

#[test]
fn k11_a_replay_sends_nothing_from_before_its_moment() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::Answers(500));
    let set = |status: &str| {
        let ask = Ask::patch(path(&id, ""), &json!({ "status": status })).by(&scene.owner_now());
        scene.world.call(ask).ok(200);
    };
    let fails = || {
        order(&scene);
        pass(&scene.world, minutes(36 * 60));
    };
    let is_never_sent = || {
        set("disabled");
        order(&scene);
        scene.world.run_until_quiet();
        set("enabled");
        scene.world.clock.advance(Duration::from_secs(1));
    };
    fails();
    is_never_sent();
    let since = api::rfc3339(scene.world.clock.now());
    is_never_sent();
    fails();
    scene.world.receivers.heal();
    let [_, _, unsent, failed] = &events(&scene, "order.")[..] else { panic!("four events") };
    for (what, sent) in [("failed_since", vec![failed]), ("never_sent_since", vec![failed, unsent])] {
        let ask = Ask::post(path(&id, "/replay"), &json!({ what: since })).by(&scene.owner_now()).key(what);
        scene.world.call(ask).ok(202);
        pass(&scene.world, minutes(4));
        assert_eq!(scene.world.receivers.taken(FIRST).iter().collect::<Vec<_>>(), sent, "{what}");
    }
    scene.comes_to_rest();
}

#[test]
fn k11_a_replay_goes_through_any_number_of_pages() {
    const MANY: usize = 230;
    let scene = Scene::new();
    let began = api::rfc3339(scene.world.clock.now());
    for _ in 0..MANY {
        order(&scene);
        scene.world.clock.advance(Duration::from_millis(150));
    }
    scene.world.run_until_quiet();
    scene.world.clock.advance(Duration::from_secs(1));
    let id = scene.world.endpoint(&scene.owner_now(), FIRST, &json!({ "types": ["order.*"] })).id();
    let body = json!({ "never_sent_since": began });
    scene.world.call(Ask::post(path(&id, "/replay"), &body).by(&scene.owner_now())).ok(202);
    pass(&scene.world, minutes(4));
    assert_eq!(sorted(scene.world.receivers.taken(FIRST)), events(&scene, "order."));
}

/// I15: each ordered endpoint is a group of its own.
#[test]
fn k13_in_order_a_failure_holds_its_own_endpoint_s_later_events_alone() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"], "ordered": true }));
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::FailsFirst(3));
    for _ in 0..20 {
        order(&scene);
        scene.world.clock.advance(Duration::from_millis(700));
    }
    scene.world.settle();
    assert_eq!(scene.world.receivers.taken(SECOND).len(), 20, "the other is told at once");
    pass(&scene.world, minutes(4));
    assert_eq!(scene.world.receivers.taken(FIRST), [""; 0], "the first event fails and holds the others");
    pass(&scene.world, minutes(60));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "order."), "in order");
    for _ in 0..5 {
        order(&scene);
    }
    pass(&scene.world, minutes(2));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "order."), "and on");
    scene.comes_to_rest();
}

#[test]
fn k13_in_order_an_event_that_is_committed_late_comes_in_its_place() {
    let scene = Scene::new();
    let (world, tenant) = (&scene.world, scene.owner().tenant);
    world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"], "ordered": true }));
    let made = || Event {
        id: world.id(),
        tenant,
        kind: EventType::OrderCreated,
        subject: "ord_1".to_owned(),
        object: "{}".to_owned(),
        request_id: None,
        idempotency_key: None,
        trace: None,
        created_at: world.clock.now(),
    };
    let happens = |event: &Event| {
        let (events, now) = (vec![event.clone()], world.clock.now());
        let commit = Commit { tenant, record: None, changes: Vec::new(), events, now };
        run(world.store.commit(commit)).expect("committed");
        world.settle();
    };
    let first = made();
    happens(&first);
    world.clock.advance(Duration::from_secs(6));
    let late = made();
    world.clock.advance(Duration::from_secs(5));
    let last = made();
    happens(&last);
    world.clock.advance(Duration::from_secs(2));
    world.settle();
    assert_eq!(world.receivers.taken(FIRST), [first.id.to_string()], "it is the others' turn later");
    happens(&late);
    pass(world, minutes(1));
    assert_eq!(world.receivers.taken(FIRST), [first, late, last].map(|event| event.id.to_string()));
}

#[test]
fn k13_an_ordered_endpoint_does_not_read_again_what_it_does_not_want() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["wallet.*", "order.cancelled"], "ordered": true }));
    scene.world.wallet(scene.owner(), "EUR");
    pass(&scene.world, minutes(1));
    for _ in 0..150 {
        order(&scene);
        scene.world.clock.advance(Duration::from_millis(150));
    }
    pass(&scene.world, minutes(1));
    scene.world.wallet(scene.owner(), "EUR");
    pass(&scene.world, minutes(1));
    scene.world.faults.forget_calls();
    scene.world.wallet(&scene.owner_now(), "EUR");
    pass(&scene.world, minutes(1));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "wallet."));
    assert!(scene.world.faults.calls("events.between") <= 3, "{}", scene.world.faults.calls("events.between"));
}

#[test]
fn an_event_to_an_endpoint_that_is_well_is_two_reads_and_one_write() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({}));
    for opened in [1, 0] {
        order(&scene);
        assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
        scene.world.faults.forget_calls();
        scene.world.work(Queue::Webhooks);
        let calls = scene.world.faults.tally();
        let reads_and_writes = ["endpoints.all", "events.get", "webhooks.send", "deliveries.put"];
        assert!(reads_and_writes.iter().all(|call| calls.get(call) == Some(&1)), "{calls:?}");
        assert_eq!(calls.get("vault.open").copied().unwrap_or(0), opened, "the secret is opened once");
        assert_eq!(calls.len(), 4 + usize::try_from(opened).expect("small"), "{calls:?}");
    }
}

/// M3: from the call through outbox and queue.
#[test]
fn k15_the_trace_of_the_call_goes_on_to_the_receiver() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["payment.succeeded"] }));
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    scene.world.call(scene.world.payment(None, 300, "tok_success").by(scene.owner()).trace(trace)).ok(202);
    scene.world.run_until_quiet();
    let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    assert_eq!(scene.world.receivers.got(FIRST)[0].message.traceparent.as_deref(), Some(expected));
}

/// The store fails in the middle of it: whoever was told already is not told a second time because of it.
#[test]
fn an_endpoint_whose_row_cannot_be_written_is_tried_by_itself() {
    for nth in 1..=2 {
        let scene = Scene::new();
        let ids =
            [FIRST, SECOND].map(|url| scene.world.endpoint(scene.owner(), url, &json!({ "types": ["order.*"] })).id());
        order(&scene);
        scene.world.faults.fail("deliveries.put", nth, memory::Fault::Unavailable);
        scene.world.run_until_quiet();
        scene.every_fault_has_struck();
        let counts = [FIRST, SECOND].map(|url| scene.world.receivers.got(url).len());
        assert_eq!(counts.iter().sum::<usize>(), 3, "one of them twice: {counts:?}");
        for id in &ids {
            assert_eq!(deliveries(&scene, id)[0]["status"], "succeeded");
        }
        assert!(scene.world.queues.dead_letters(Queue::Webhooks).is_empty());
    }
}
