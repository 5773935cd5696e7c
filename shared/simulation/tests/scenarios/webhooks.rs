//! K: webhooks out, from an event to its receivers: who is told, how what fails comes again, when nobody is told any more.

use std::time::Duration;

use coffer_simulation::{Ask, World};
use domain::event::Queue;
use domain::webhook::Reach;
use domain::webhook::{ATTEMPTS_MAX, ENDPOINTS_MAX, Signature, WebhookUrl, check_address};
use memory::Manner;
use ports::clock::Clock as _;
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
        coffer_simulation::run(world.wake_step()).expect("nothing fails");
        world.settle();
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn path(endpoint: &str, rest: &str) -> String {
    format!("/v1/webhook_endpoints/{endpoint}{rest}")
}

fn deliveries(scene: &Scene, endpoint: &str) -> Vec<Value> {
    let ask = Ask::get(path(endpoint, "/deliveries")).query("limit", "100").by(&scene.owner_now());
    let shown = scene.world.call(ask).ok(200).json;
    shown["data"].as_array().expect("a list").clone()
}

/// The ids of the tenant's public events of some types, oldest first.
fn events(scene: &Scene, family: &str) -> Vec<String> {
    let mut events = scene.world.store.contents().events;
    events.retain(|event| event.tenant.to_string() == scene.shop.tenant && event.kind.as_str().starts_with(family));
    events.sort_by_key(|event| event.id);
    events.into_iter().map(|event| event.id.to_string()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn order(scene: &Scene) {
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
fn a_secret_is_shown_once_and_again_to_the_same_request_alone() {
    let scene = Scene::new();
    let ask = Ask::post("/v1/webhook_endpoints", &json!({ "url": FIRST })).by(scene.owner()).key("once");
    let first = scene.world.call(ask.clone()).ok(201);
    let again = scene.world.call(ask).ok(201);
    assert_eq!(first.body, again.body, "byte for byte");
    assert!(first.text("/secret").starts_with("whsec_"));
    let id = first.id();
    for shown in [path(&id, ""), "/v1/webhook_endpoints".to_owned()] {
        let body = scene.world.call(Ask::get(&*shown).by(scene.owner())).ok(200).body;
        assert!(!body.contains("whsec_"), "{shown}");
    }
    let contents = format!("{:?}", scene.world.store.contents());
    assert!(!contents.contains(&first.text("/secret")), "nothing that is stored has it");
}

#[test]
fn k2_after_a_rotation_two_signatures_for_a_day() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    let rotate = Ask::post(path(&id, "/rotate_secret"), &json!({ "signature": "ed25519" })).by(scene.owner());
    let rotated = scene.world.call(rotate.key("rotate")).ok(200);
    assert_eq!((rotated.text("/signature"), &rotated.json["secret"]), ("ed25519".to_owned(), &Value::Null));
    assert!(rotated.text("/public_key").starts_with("whpk_"));
    order(&scene);
    pass(&scene.world, Duration::from_secs(24 * 60 * 60));
    order(&scene);
    scene.world.run_until_quiet();
    let got = scene.world.receivers.got(FIRST);
    let versions = |signature: &str| {
        signature.split(' ').map(|one| one.split(',').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(versions(&got[0].message.signature), ["v1a", "v1"]);
    assert_eq!(versions(&got[1].message.signature), ["v1a"]);
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
fn k6_one_that_is_gone_is_disabled_and_its_owner_hears_of_it_elsewhere() {
    let scene = Scene::new();
    let gone = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["webhook_endpoint.*"] }));
    scene.world.receivers.set(FIRST, Manner::Answers(410));
    order(&scene);
    scene.world.run_until_quiet();
    order(&scene);
    scene.world.run_until_quiet();
    assert_eq!(scene.world.receivers.got(FIRST).len(), 1, "nothing more is sent");
    let shown = scene.world.show(scene.owner(), &path(&gone, ""));
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    assert_eq!(scene.world.receivers.taken(SECOND), events(&scene, "webhook_endpoint.disabled"));
    let enable = Ask::patch(path(&gone, ""), &json!({ "status": "enabled" })).by(scene.owner());
    scene.world.call(enable).ok(200);
    scene.world.receivers.heal();
    order(&scene);
    scene.world.run_until_quiet();
    assert_eq!(scene.world.receivers.taken(FIRST).len(), 1, "what happens from now on");
}

#[test]
fn k7_one_that_fails_for_days_is_disabled() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for day in 0..6 {
        let shown = scene.world.show(&scene.owner_now(), &path(&id, ""));
        assert_eq!(shown["status"], "enabled", "after {day} days");
        order(&scene);
        pass(&scene.world, Duration::from_secs(24 * 60 * 60));
    }
    let shown = scene.world.show(&scene.owner_now(), &path(&id, ""));
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("failing")));
    assert_eq!(events(&scene, "webhook_endpoint.disabled").len(), 1, "its owner is told once");
    pass(&scene.world, Duration::from_secs(24 * 60 * 60));
    let left: Vec<Value> = deliveries(&scene, &id).into_iter().filter(|it| it["status"] == "pending").collect();
    assert_eq!(left, [Value::Null; 0], "what was on its way is skipped");
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
fn k10_addresses_inside_are_refused_by_the_api_and_at_connect() {
    let scene = Scene::new();
    for url in [
        "http://shop.example/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://localhost/",
        "https://[::1]/",
    ] {
        let ask = Ask::post("/v1/webhook_endpoints", &json!({ "url": url })).by(scene.owner());
        let answer = scene.world.call(ask.key(url));
        assert_eq!((answer.status, answer.code()), (400, "invalid_fields".to_owned()), "{url}");
        assert!(WebhookUrl::parse(url, Reach::Public).is_err());
    }
    let inside = "10.0.0.1".parse().expect("an address");
    assert!(
        check_address(inside, Reach::Public).is_err(),
        "what a name leads to is looked at by the sender's own tests"
    );
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
    assert_eq!(scene.world.receivers.taken(FIRST), [sent.clone()]);
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
    scene.world.run_until_quiet();
    assert_eq!(sorted(scene.world.receivers.taken(FIRST)), events(&scene, "order."));
}

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
fn k15_the_trace_of_the_call_goes_on_to_the_receiver() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["payment.succeeded"] }));
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    scene.world.call(scene.world.payment(None, 300, "tok_success").by(scene.owner()).trace(trace)).ok(202);
    scene.world.run_until_quiet();
    let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    assert_eq!(scene.world.receivers.got(FIRST)[0].message.traceparent.as_deref(), Some(expected));
}

#[test]
fn nothing_goes_to_an_endpoint_that_was_disabled_or_deleted() {
    let scene = Scene::new();
    let deleted = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    let disabled = scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["order.*"], "ordered": true })).id();
    for url in [FIRST, SECOND] {
        scene.world.receivers.set(url, Manner::FailsFirst(1));
    }
    order(&scene);
    pass(&scene.world, Duration::from_secs(14));
    assert_eq!([FIRST, SECOND].map(|url| scene.world.receivers.got(url).len()), [2, 1]);
    scene.world.receivers.set(FIRST, Manner::FailsFirst(1));
    order(&scene);
    scene.world.settle();
    scene.world.call(Ask::delete(path(&deleted, "")).by(scene.owner())).ok(204);
    let disable = Ask::patch(path(&disabled, ""), &json!({ "status": "disabled" })).by(scene.owner());
    scene.world.call(disable).ok(200);
    let before = [FIRST, SECOND].map(|url| scene.world.receivers.got(url).len());
    order(&scene);
    pass(&scene.world, minutes(60));
    assert_eq!([FIRST, SECOND].map(|url| scene.world.receivers.got(url).len()), before);
    let ask = Ask::post(path(&disabled, "/test"), &json!({})).by(&scene.owner_now());
    assert_eq!((scene.world.call(ask.clone()).status, scene.world.call(ask).code()), (409, "illegal_state".to_owned()));
    scene.comes_to_rest();
}

#[test]
fn a_test_event_goes_to_its_endpoint_alone_and_closes_an_open_breaker() {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.endpoint(scene.owner(), SECOND, &json!({}));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for _ in 0..6 {
        order(&scene);
    }
    scene.world.settle();
    scene.world.receivers.heal();
    let test = scene.world.call(Ask::post(path(&id, "/test"), &json!({})).by(scene.owner()).key("test")).ok(202);
    order(&scene);
    scene.world.settle();
    let taken = scene.world.receivers.taken(FIRST);
    assert!(taken.contains(&test.text("/event_id")), "{taken:?}");
    assert!(!scene.world.receivers.taken(SECOND).contains(&test.text("/event_id")), "wants all types, and not this");
    order(&scene);
    scene.world.settle();
    assert!(scene.world.receivers.taken(FIRST).len() >= 2, "the breaker is closed");
}

#[test]
fn a_tenant_has_a_hundred_endpoints_at_most() {
    let scene = Scene::new();
    for index in 0..ENDPOINTS_MAX {
        scene.world.clock.advance(Duration::from_millis(100));
        scene.world.endpoint(scene.owner(), &format!("https://hooks{index}.example/"), &json!({}));
    }
    let ask = Ask::post("/v1/webhook_endpoints", &json!({ "url": FIRST })).by(scene.owner());
    let answer = scene.world.call(ask.key("one more"));
    assert_eq!((answer.status, answer.code()), (422, "too_many_webhook_endpoints".to_owned()));
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
        let counts = [FIRST, SECOND].map(|url| scene.world.receivers.got(url).len());
        assert_eq!(counts.iter().sum::<usize>(), 3, "one of them twice: {counts:?}");
        for id in &ids {
            assert_eq!(deliveries(&scene, id)[0]["status"], "succeeded");
        }
        assert!(scene.world.queues.dead_letters(Queue::Webhooks).is_empty());
    }
}
