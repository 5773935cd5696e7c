//! K13: an ordered endpoint and the log: how much of it is read, how far that is kept, and whose turn it is.

use std::future::Future as _;
use std::task::{Context, Waker};
use std::time::Duration;

use domain::event::Queue;
use domain::ids::EventId;
use memory::{Fault, Manner};
use serde_json::json;

use super::Scene;
use super::webhook_burst::burst;
use super::webhooks::{FIRST, events, minutes, pass};

/// With an ordered endpoint that wants wallets alone.
fn of_wallets() -> Scene {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["wallet.*"], "ordered": true }));
    scene
}

fn sent_up_to(scene: &Scene) -> EventId {
    scene.world.store.contents().endpoints[0].health.sent_up_to
}

#[test]
fn k13_how_far_the_log_has_been_read_is_kept_before_anything_is_found() {
    let scene = of_wallets();
    let unwanted = burst(&scene, 1_500);
    scene.world.clock.advance(Duration::from_secs(1));
    scene.world.wallet(scene.owner(), "EUR");
    scene.world.settle();
    scene.world.faults.fail("events.between", 13, Fault::Unavailable);
    scene.world.clock.advance(Duration::from_secs(13));
    scene.world.settle();
    assert!(sent_up_to(&scene) >= unwanted[999], "who comes next goes on from there");
    assert_eq!(scene.world.receivers.got(FIRST), []);
    pass(&scene.world, minutes(5));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "wallet."));
}

#[test]
fn k13_what_stands_before_an_event_that_waits_is_not_read_again() {
    let scene = of_wallets();
    scene.world.receivers.set(FIRST, Manner::AsksToWait(minutes(60)));
    let unwanted = burst(&scene, 300);
    scene.world.clock.advance(Duration::from_secs(1));
    scene.world.wallet(scene.owner(), "EUR");
    pass(&scene.world, minutes(1));
    let waits: EventId = events(&scene, "wallet.")[0].parse().expect("an id");
    assert!(sent_up_to(&scene) >= unwanted[299] && sent_up_to(&scene) < waits);
    scene.world.receivers.heal();
    pass(&scene.world, minutes(80));
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "wallet."));
}

#[test]
fn k13_who_has_read_for_longer_than_a_turn_lasts_sends_nothing() {
    let scene = of_wallets();
    let world = &scene.world;
    world.wallet(scene.owner(), "EUR");
    world.settle();
    world.clock.advance(Duration::from_secs(13));
    world.faults.forget_calls();
    world.faults.give_way_at_each_call();
    {
        let batch = world.receive(Queue::Webhooks, 10);
        let mut working = Box::pin(world.work_on(Queue::Webhooks, &batch));
        let mut context = Context::from_waker(Waker::noop());
        while world.faults.calls("events.between") == 0 {
            assert!(working.as_mut().poll(&mut context).is_pending(), "the log is read");
        }
        world.clock.advance(Duration::from_secs(100));
        while working.as_mut().poll(&mut context).is_pending() {}
    }
    assert_eq!(world.receivers.got(FIRST), [], "it may be another's turn by now");
    pass(world, minutes(2));
    assert_eq!(world.receivers.taken(FIRST), events(&scene, "wallet."));
}

#[test]
fn k13_a_message_that_comes_early_by_the_worker_s_clock_is_not_the_last() {
    let scene = of_wallets();
    scene.world.wallet(scene.owner(), "EUR");
    scene.world.settle();
    scene.world.instance.set_ahead_ms(-3_000);
    scene.world.clock.advance(Duration::from_secs(13));
    scene.world.settle();
    assert_eq!(scene.world.receivers.got(FIRST), [], "for this worker the log is not settled");
    scene.world.clock.advance(Duration::from_secs(5));
    scene.world.settle();
    assert_eq!(scene.world.receivers.taken(FIRST), events(&scene, "wallet."));
    scene.comes_to_rest();
}
