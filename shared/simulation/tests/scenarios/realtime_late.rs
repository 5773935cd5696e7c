//! L4: what comes late to a feed: committed after it has begun, told of when the log has it no longer, or behind what nobody
//! hears.

use std::time::Duration;

use coffer_simulation::run;
use domain::event::{Event, EventType, KEPT_FOR, Notice, Queue};
use domain::ids::EventId;
use ports::clock::Clock as _;
use ports::commerce::{Commerce as _, Commit};

use super::Scene;
use super::realtime::open;

/// Writes the event and answers the notice of it, which nobody is given.
fn commit(scene: &Scene, id: EventId, kind: EventType) -> Notice {
    let (world, tenant) = (&scene.world, scene.owner().tenant);
    let now = world.clock.now();
    let event = Event {
        id,
        tenant,
        kind,
        subject: "ord_1".to_owned(),
        object: "{}".to_owned(),
        request_id: None,
        idempotency_key: None,
        trace: None,
        created_at: now,
    };
    let notice = Notice::from(&event);
    let commit = Commit { tenant, record: None, changes: Vec::new(), events: vec![event], now };
    run(world.store.commit(commit)).expect("committed");
    notice
}

/// By an instance whose clock is ten seconds behind that of the one that begins the feed, in a transaction of a minute.
#[test]
fn l4_who_is_the_first_to_listen_hears_of_what_was_under_way() {
    let scene = Scene::new();
    let early: EventId = scene.world.id();
    scene.world.clock.advance(Duration::from_secs(70));
    open(&scene, "s", &["orders"], None);
    let notice = commit(&scene, early, EventType::OrderCreated);
    run(scene.world.step(Queue::Realtime, &notice)).expect("nothing fails");
    assert_eq!(scene.world.heard_of("s"), [early.to_string()]);
}

/// As a dead letter that is sent back after a month.
#[test]
fn l4_what_is_past_its_thirty_days_is_nobody_s_news() {
    let scene = Scene::new();
    open(&scene, "s", &["orders"], None);
    let notice = commit(&scene, scene.world.id(), EventType::OrderCreated);
    scene.world.clock.advance(KEPT_FOR + Duration::from_secs(1));
    run(scene.world.step(Queue::Realtime, &notice)).expect("it is done with");
    assert_eq!(scene.world.heard_of("s"), [""; 0]);
}

#[test]
fn l4_a_page_of_what_is_between_functions_is_not_the_end_of_the_log() {
    let scene = Scene::new();
    open(&scene, "s", &["orders"], None);
    scene.world.store.cut_pages(1);
    for _ in 0..3 {
        scene.world.clock.advance(Duration::from_millis(1));
        commit(&scene, scene.world.id(), EventType::JobResumed);
    }
    scene.world.clock.advance(Duration::from_millis(1));
    let id: EventId = scene.world.id();
    let notice = commit(&scene, id, EventType::OrderCreated);
    run(scene.world.step(Queue::Realtime, &notice)).expect("nothing fails");
    assert_eq!(scene.world.heard_of("s"), [id.to_string()]);
}
