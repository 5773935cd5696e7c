//! K: what becomes of deliveries when their endpoint changes under them: it gives up its order, moves, closes its breaker, or
//! has many of them sent again.

use std::collections::BTreeSet;
use std::future::Future as _;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use coffer_simulation::{Ask, Consumer, Fate, run};
use domain::event::Queue;
use domain::webhook::{Cause, Delivery, DeliveryStatus};
use memory::Manner;
use ports::clock::Clock as _;
use ports::webhooks::WebhookDeliveries as _;
use serde_json::{Value, json};

use super::Scene;
use super::webhooks::{FIRST, SECOND, deliveries, events, minutes, order, pass, path};

const OLD: &str = "https://old.example/hooks";

fn change(scene: &Scene, endpoint: &str, change: &Value) {
    scene.world.call(Ask::patch(path(endpoint, ""), change).by(&scene.owner_now())).ok(200);
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[test]
fn k13_one_that_gives_up_its_order_is_told_of_what_waited_behind_the_first() {
    let scene = Scene::new();
    let settings = json!({ "types": ["order.*"], "ordered": true });
    let id = scene.world.endpoint(scene.owner(), FIRST, &settings).id();
    scene.world.receivers.set(FIRST, Manner::FailsFirst(1));
    for _ in 0..5 {
        order(&scene);
        scene.world.clock.advance(Duration::from_secs(1));
    }
    pass(&scene.world, Duration::from_secs(15));
    scene.world.receivers.set(FIRST, Manner::AsksToWait(minutes(60)));
    pass(&scene.world, minutes(2));
    assert_eq!(scene.world.receivers.taken(FIRST), [""; 0], "the first holds the others, and their messages are gone");
    scene.world.receivers.heal();
    change(&scene, &id, &json!({ "ordered": false }));
    pass(&scene.world, minutes(1));
    let told = scene.world.receivers.taken(FIRST);
    assert_eq!(sorted(told), events(&scene, "order.")[1..], "nobody waits for the first any more");
    pass(&scene.world, minutes(90));
    assert_eq!(sorted(scene.world.receivers.taken(FIRST)), events(&scene, "order."), "each once");
    scene.comes_to_rest();
}

#[test]
fn k11_k13_a_replay_of_the_event_that_holds_the_others_lets_them_go() {
    let scene = Scene::new();
    let settings = json!({ "types": ["order.*"], "ordered": true });
    let id = scene.world.endpoint(scene.owner(), FIRST, &settings).id();
    scene.world.receivers.set(FIRST, Manner::AsksToWait(minutes(9 * 60)));
    for _ in 0..4 {
        order(&scene);
        scene.world.clock.advance(Duration::from_secs(1));
    }
    pass(&scene.world, minutes(3));
    scene.world.receivers.heal();
    let first = &events(&scene, "order.")[0];
    let ask = Ask::post(path(&id, "/replay"), &json!({ "event_id": first })).by(&scene.owner_now());
    scene.world.call(ask.key("again")).ok(202);
    pass(&scene.world, minutes(1));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "order."), "the rest in order, at once");
    scene.comes_to_rest();
}

#[test]
fn k8_what_a_breaker_has_held_for_hours_comes_within_little_more_than_one() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for _ in 0..90 {
        order(&scene);
    }
    pass(&scene.world, minutes(9 * 60));
    scene.world.receivers.heal();
    // Those that were tried wait by their own schedule.
    let tried: BTreeSet<String> = scene.world.receivers.got(FIRST).into_iter().map(|got| got.message.id).collect();
    pass(&scene.world, minutes(85));
    let taken = scene.world.receivers.taken(FIRST);
    let held = events(&scene, "order.").into_iter().filter(|id| !tried.contains(id));
    let late = held.filter(|id| !taken.contains(id)).count();
    assert!(tried.len() < 80 && late == 0, "{} tried, {late} still held", tried.len());
}

#[test]
fn k8_what_is_held_is_looked_at_once_an_hour_and_not_again_and_again() {
    const MANY: u64 = 40;
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for _ in 0..MANY {
        order(&scene);
    }
    pass(&scene.world, minutes(12 * 60));
    scene.world.faults.forget_calls();
    pass(&scene.world, minutes(12 * 60));
    let looks = scene.world.faults.calls("deliveries.get");
    assert!(looks <= MANY * 12 * 4, "{looks} looks in twelve hours at {MANY}");
}

#[test]
fn k8_k9_what_a_breaker_has_held_keeps_to_the_rate_when_it_closes() {
    let scene = Scene::new();
    let settings = json!({ "types": ["order.*"], "rate_limit_per_second": 2 });
    scene.world.endpoint(scene.owner(), FIRST, &settings);
    scene.world.receivers.set(FIRST, Manner::Hangs);
    for _ in 0..40 {
        order(&scene);
    }
    // They are given places of the next twenty seconds; the breaker opens before those come.
    scene.world.settle();
    pass(&scene.world, minutes(1));
    scene.world.receivers.heal();
    for _ in 0..2_400 {
        scene.world.clock.advance(Duration::from_millis(500));
        scene.world.settle();
    }
    let at = scene.world.receivers.at(FIRST);
    assert!(scene.world.receivers.taken(FIRST).len() >= 30, "they come");
    for first in &at {
        let within = at.iter().filter(|it| **it >= *first && it.since(*first) < Duration::from_secs(1)).count();
        assert!(within <= 4, "{within} within a second");
    }
}

/// A request is under way to the old URL while `change` is made; its answer comes after.
fn answered_after(manner: Manner, change: impl Fn(&Scene, &str)) -> (Scene, String) {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), OLD, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(OLD, manner);
    order(&scene);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.receivers.take_time(&scene.world.clock, Duration::from_secs(1), Duration::from_secs(15));
    {
        let batch = scene.world.receive(Queue::Webhooks, 10);
        let mut working = Box::pin(scene.world.work_on(Queue::Webhooks, &batch));
        let mut context = Context::from_waker(Waker::noop());
        assert!(working.as_mut().poll(&mut context).is_pending(), "the request is under way");
        change(&scene, &id);
        scene.world.clock.advance(Duration::from_secs(15));
        scene.world.receivers.next_end();
        assert!(working.as_mut().poll(&mut context).is_ready(), "it is answered");
    }
    scene.world.receivers.take_time(&scene.world.clock, Duration::ZERO, Duration::ZERO);
    (scene, id)
}

#[test]
fn k6_a_late_410_from_where_an_endpoint_was_disables_nothing() {
    let (scene, id) = answered_after(Manner::Answers(410), |scene, id| change(scene, id, &json!({ "url": SECOND })));
    assert_eq!(scene.world.show(&scene.owner_now(), &path(&id, ""))["status"], "enabled");
    pass(&scene.world, minutes(1));
    assert_eq!(scene.world.receivers.taken(SECOND), events(&scene, "order."), "it is sent to where it is now");
}

#[test]
fn k6_a_410_while_nothing_is_changed_disables() {
    let (scene, id) = answered_after(Manner::Answers(410), |_, _| {});
    assert_eq!(scene.world.show(&scene.owner_now(), &path(&id, ""))["status"], "disabled");
    assert_eq!(deliveries(&scene, &id)[0]["status"], "failed");
}

#[test]
fn k7_k8_failures_at_the_old_url_count_for_nothing_at_the_new_one() {
    let move_away = |scene: &Scene, id: &str| {
        scene.world.receivers.set(SECOND, Manner::FailsFirst(4));
        change(scene, id, &json!({ "url": SECOND }));
    };
    let (scene, _) = answered_after(Manner::Hangs, move_away);
    for _ in 0..4 {
        order(&scene);
    }
    pass(&scene.world, Duration::from_secs(1));
    // Four failures there leave its breaker closed; a fifth, from where it was, would have opened it.
    let before = scene.world.receivers.taken(SECOND).len();
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.receivers.taken(SECOND).len(), before + 1);
}

#[test]
fn k6_others_are_told_where_a_disabled_endpoint_is_but_no_token_of_its_url() {
    let scene = Scene::new();
    let url = "https://hooks.example/services/hidden-path?token=hidden-query";
    scene.world.endpoint(scene.owner(), url, &json!({ "types": ["order.*"] }));
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["webhook_endpoint.*"] }));
    scene.world.receivers.set(url, Manner::Answers(410));
    order(&scene);
    scene.world.run_until_quiet();
    let [got] = &scene.world.receivers.got(SECOND)[..] else { panic!("one request") };
    assert!(!got.message.body.contains("hidden"), "{}", got.message.body);
    let body: Value = serde_json::from_str(&got.message.body).expect("JSON");
    assert_eq!(body["data"]["data"]["object"]["url"], "https://hooks.example");
}

#[test]
fn k11_replays_of_many_come_a_page_at_a_time_and_one_after_the_other() {
    const MANY: usize = 230;
    let scene = Scene::new();
    let began = api::rfc3339(scene.world.clock.now());
    for _ in 0..MANY {
        order(&scene);
        scene.world.clock.advance(Duration::from_millis(150));
    }
    scene.world.settle();
    let id = scene.world.endpoint(&scene.owner_now(), FIRST, &json!({ "types": ["order.*"] })).id();
    let replay = |what: &str| {
        let ask = Ask::post(path(&id, "/replay"), &json!({ what: began })).by(&scene.owner_now());
        scene.world.call(ask.key(&format!("{what} at {}", scene.world.clock.now().as_ms())))
    };
    replay("never_sent_since").ok(202);
    scene.world.settle();
    let at_once = scene.world.receivers.taken(FIRST).len();
    assert!(at_once <= 100, "{at_once} at once");
    let refused = replay("failed_since");
    assert_eq!((refused.status, refused.code()), (409, "illegal_state".to_owned()));
    pass(&scene.world, minutes(4));
    assert!(sorted(scene.world.receivers.taken(FIRST)) == events(&scene, "order."), "all of them, each once");
    replay("failed_since").ok(202);
    scene.comes_to_rest();
}

#[test]
fn k11_a_replay_goes_on_behind_a_page_that_the_store_has_cut() {
    let scene = Scene::new();
    let began = api::rfc3339(scene.world.clock.now());
    let three = || (0..3).for_each(|_| order(&scene));
    three();
    scene.world.run_until_quiet();
    scene.world.clock.advance(Duration::from_secs(1));
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::Answers(500));
    three();
    pass(&scene.world, minutes(48 * 60));
    assert!(deliveries(&scene, &id).iter().all(|delivery| delivery["status"] == "failed"));
    scene.world.receivers.heal();
    scene.world.store.cut_pages(2);
    let replay = |what: &str| {
        let ask = Ask::post(path(&id, "/replay"), &json!({ what: began })).by(&scene.owner_now()).key(what);
        scene.world.call(ask).ok(202);
        pass(&scene.world, minutes(4));
        sorted(scene.world.receivers.taken(FIRST))
    };
    let all = events(&scene, "order.");
    assert_eq!(replay("failed_since"), all[3..]);
    assert_eq!(replay("never_sent_since"), all);
}

/// An event that was replayed, in vain, and waits for hours.
fn replayed_in_vain() -> (Scene, String) {
    let scene = Scene::new();
    let id = scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(FIRST, Manner::AsksToWait(minutes(9 * 60)));
    order(&scene);
    scene.world.settle();
    replay_first(&scene, &id, "in vain");
    pass(&scene.world, minutes(1));
    assert_eq!(scene.world.receivers.got(FIRST).len(), 2);
    scene.world.receivers.heal();
    (scene, id)
}

fn replay_first(scene: &Scene, endpoint: &str, key: &str) {
    let body = json!({ "event_id": events(scene, "order.")[0] });
    scene.world.call(Ask::post(path(endpoint, "/replay"), &body).by(&scene.owner_now()).key(key)).ok(202);
}

#[test]
fn k11_a_replay_goes_out_though_an_earlier_one_of_the_event_waits() {
    let (scene, id) = replayed_in_vain();
    replay_first(&scene, &id, "once more");
    pass(&scene.world, minutes(1));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "order."));
    scene.comes_to_rest();
}

#[test]
fn k11_a_replay_whose_row_others_write_is_tried_again() {
    let (scene, id) = replayed_in_vain();
    replay_first(&scene, &id, "once more");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.faults.forget_calls();
    scene.world.faults.give_way_at_each_call();
    {
        let batch = scene.world.receive(Queue::Webhooks, 10);
        let mut working = Box::pin(scene.world.work_on(Queue::Webhooks, &batch));
        let mut context = Context::from_waker(Waker::noop());
        while scene.world.faults.calls("deliveries.put") == 0 {
            assert!(working.as_mut().poll(&mut context).is_pending(), "it is about to write its row");
        }
        let row = scene.world.store.deliveries().remove(0).looked_at(scene.world.clock.now());
        assert!(run(scene.world.store.put(&row, None)).expect("nothing fails"));
        let fates = loop {
            if let Poll::Ready(fates) = working.as_mut().poll(&mut context) {
                break fates;
            }
        };
        assert_eq!(fates, [Fate::Again]);
    }
    pass(&scene.world, minutes(2));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "order."));
}

#[test]
fn k8_what_was_under_way_when_the_breaker_opened_opens_it_for_no_longer() {
    let scene = Scene::new();
    let world = &scene.world;
    world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    world.receivers.set(FIRST, Manner::Hangs);
    (0..20).for_each(|_| order(&scene));
    assert!(world.deliver(Consumer::OutboxPublish));
    world.receivers.take_time(&world.clock, Duration::from_secs(1), Duration::from_secs(15));
    {
        let batch = world.receive(Queue::Webhooks, 20);
        let mut working = Box::pin(world.work_on(Queue::Webhooks, &batch));
        let mut context = Context::from_waker(Waker::noop());
        assert!(working.as_mut().poll(&mut context).is_pending(), "all twenty are under way");
        world.clock.advance(Duration::from_secs(15));
        world.receivers.next_end();
        assert!(working.as_mut().poll(&mut context).is_ready(), "they time out");
    }
    world.receivers.take_time(&world.clock, Duration::ZERO, Duration::ZERO);
    let opened = || {
        let health = world.store.contents().endpoints[0].health.clone();
        (health.failures, health.open_until.expect("it is open"))
    };
    let (failures, until) = opened();
    assert_eq!((failures, world.receivers.got(FIRST).len()), (5, 20));
    assert!(until.since(world.clock.now()) <= Duration::from_secs(36));
    pass(world, until.since(world.clock.now()) + Duration::from_secs(1));
    order(&scene);
    world.settle();
    let (failures, until) = opened();
    assert_eq!((failures, world.receivers.got(FIRST).len()), (6, 21), "one has probed");
    let open_for = until.since(world.clock.now());
    assert!(open_for >= Duration::from_secs(50) && open_for <= Duration::from_secs(72), "{open_for:?}");
}

#[test]
fn k11_what_fails_after_a_replay_was_asked_for_is_not_of_it() {
    let scene = Scene::new();
    let world = &scene.world;
    let id = world.endpoint(scene.owner(), FIRST, &json!({ "types": ["wallet.*"] })).id();
    let began = api::rfc3339(world.clock.now());
    let fails = || {
        order(&scene);
        let event = world.store.contents().events.into_iter().max_by_key(|event| event.id).expect("an event");
        let place = (event.tenant, id.parse().expect("an id"));
        let new = Delivery::new(place, (event.id, event.kind), Cause::Replay, world.clock.now());
        let failed = Delivery { status: DeliveryStatus::Failed, next_at: None, ..new };
        assert!(run(world.store.put(&failed, None)).expect("nothing fails"));
        world.clock.advance(Duration::from_secs(1));
    };
    fails();
    let ask = Ask::post(path(&id, "/replay"), &json!({ "failed_since": began })).by(scene.owner());
    world.call(ask.key("failed")).ok(202);
    world.clock.advance(Duration::from_secs(1));
    fails();
    pass(world, minutes(1));
    assert_eq!(world.receivers.taken(FIRST), events(&scene, "order.")[..1]);
}

#[test]
fn k6_one_that_is_deleted_while_it_waits_behind_slow_ones_is_told_of_nothing() {
    let scene = Scene::new();
    let world = &scene.world;
    for index in 0..32 {
        let url = format!("https://slow{index}.example/");
        world.endpoint(scene.owner(), &url, &json!({ "types": ["order.*"] }));
        world.receivers.set(&url, Manner::Hangs);
    }
    // The endpoints are gone through from the oldest on.
    world.clock.advance(Duration::from_secs(1));
    let [stays, goes] =
        [FIRST, SECOND].map(|url| world.endpoint(scene.owner(), url, &json!({ "types": ["order.*"] })).id());
    order(&scene);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.receivers.take_time(&world.clock, Duration::ZERO, Duration::from_secs(15));
    {
        let batch = world.receive(Queue::Webhooks, 10);
        let mut working = Box::pin(world.work_on(Queue::Webhooks, &batch));
        let mut context = Context::from_waker(Waker::noop());
        assert!(working.as_mut().poll(&mut context).is_pending(), "thirty-two are under way");
        change(&scene, &stays, &json!({ "url": OLD }));
        world.call(Ask::delete(path(&goes, "")).by(scene.owner())).ok(204);
        world.clock.advance(Duration::from_secs(15));
        world.receivers.next_end();
        let is_over = (0..100).any(|_| working.as_mut().poll(&mut context).is_ready());
        assert!(is_over, "they time out");
    }
    assert_eq!([FIRST, SECOND, OLD].map(|url| world.receivers.got(url).len()), [0, 0, 1]);
}
