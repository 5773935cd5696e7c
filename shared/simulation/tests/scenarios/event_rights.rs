//! E9: an event shows nobody what its noun's own routes keep from them. Generated over every kind of event.

use coffer_simulation::{Ask, run};
use domain::access::{Caller, Grant, Role};
use domain::event::{Event, EventType};
use domain::ids::ClientId;
use ports::clock::Clock as _;
use ports::commerce::{Commerce as _, Commit};
use serde_json::json;

use super::Scene;

/// One event of each kind, and its id.
fn one_of_each(scene: &Scene) -> Vec<(EventType, String)> {
    EventType::ALL.iter().map(|kind| (*kind, commit(scene, *kind))).collect()
}

fn commit(scene: &Scene, kind: EventType) -> String {
    let (world, tenant) = (&scene.world, scene.owner().tenant);
    let now = world.clock.now();
    let event = Event {
        id: world.id(),
        tenant,
        kind,
        subject: "sub_1".to_owned(),
        object: "{}".to_owned(),
        request_id: None,
        idempotency_key: None,
        trace: None,
        created_at: now,
    };
    let id = event.id.to_string();
    let commit = Commit { tenant, record: None, changes: Vec::new(), events: vec![event], now };
    run(world.store.commit(commit)).expect("committed");
    id
}

/// People of each role, and machines that may read events and one thing more.
fn readers(scene: &Scene) -> Vec<Caller> {
    let person = |role| scene.shop.add(&scene.world, role).caller;
    let machine = |scope: &str| {
        let grant = Grant::Scopes(vec!["events:read".to_owned(), scope.to_owned()]);
        let subject = scene.world.id::<ClientId>().to_string();
        Caller { grant, subject, session: None, ..scene.owner_now() }
    };
    let machines = ["orders:read", "providers:read", "dead_letters:read"].map(machine);
    Role::ALL.map(person).into_iter().chain(machines).collect()
}

#[test]
fn e9_events_are_shown_to_who_may_read_what_they_tell_of() {
    let scene = Scene::new();
    let events = one_of_each(&scene);
    for reader in readers(&scene) {
        let may_read = |kind: EventType| reader.grant.allows(kind.least_action());
        let (mut shown, mut cursor) = (Vec::new(), None);
        for _ in 0..events.len() {
            let ask = Ask::get("/v1/events").query("limit", "3").by(&reader);
            let page = scene.world.call(cursor.iter().fold(ask, |ask, cursor: &String| ask.query("cursor", cursor)));
            let page = page.ok(200);
            let items = page.json["data"].as_array().expect("a list");
            shown.extend(items.iter().map(|event| event["id"].as_str().unwrap_or_default().to_owned()));
            cursor = page.json["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
            scene.world.clock.advance(std::time::Duration::from_millis(100));
        }
        for (kind, id) in &events {
            let ask = Ask::get(format!("/v1/events/{id}")).by(&reader);
            let status = scene.world.call(ask).status;
            let expected = (may_read(*kind), if may_read(*kind) { 200 } else { 404 });
            assert_eq!((shown.contains(id), status), expected, "{kind:?} to {:?}", reader.grant);
            scene.world.clock.advance(std::time::Duration::from_millis(100));
        }
    }
}

#[test]
fn e9_a_topic_is_refused_to_who_may_not_read_what_it_tells_of() {
    let scene = Scene::new();
    let asked = |topics: &[&str]| json!({ "action": "subscribe", "topics": topics });
    for (number, reader) in readers(&scene).into_iter().enumerate() {
        let socket = format!("socket-{number}");
        assert_eq!(run(scene.world.open_socket(&socket, reader.clone())).status, 200);
        let may_read = reader.grant.allows(EventType::ProviderConnected.least_action());
        let both = scene.world.say(&socket, &asked(&["orders", "providers"]));
        assert_eq!(both.code, if may_read { None } else { Some("forbidden") }, "{:?}", reader.grant);
        assert_eq!(scene.world.say(&socket, &asked(&["orders"])).code, None);
        let known = scene.world.heard(&socket).pop().expect("an answer")["topics"].clone();
        assert_eq!(known, if may_read { json!(["orders", "providers"]) } else { json!(["orders"]) });
    }
}
