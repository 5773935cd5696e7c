//! L2 to L4: sockets. Who may open one and for how long, what is heard on it, and coming back without a loss.

use std::time::Duration;

use coffer_simulation::{Ask, Consumer, Shop, World, run, together};
use domain::access::{Caller, Grant, Role};
use domain::event::{Event, EventType, KEPT_FOR, Notice, Queue};
use domain::ids::{ClientId, EventId};
use domain::socket::{LOOKED_AT_EACH, SOCKETS_MAX, SocketId};
use memory::Fault;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::Scene;

pub(super) const TOKEN: &str = "query token";
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn subscribe(topics: &[&str], after: Option<&str>) -> Value {
    json!({ "action": "subscribe", "topics": topics, "after": after })
}

/// A machine's, good for ten minutes from now, of no identity table.
fn client_of(world: &World, shop: &Shop) -> Caller {
    let grant = Grant::Scopes(vec!["events:read".to_owned()]);
    let subject = world.id::<ClientId>().to_string();
    let issued_at_seconds = world.clock.now().as_seconds();
    Caller { grant, subject, session: None, issued_at_seconds, ..shop.owner.caller.clone() }
}

pub(super) fn open(scene: &Scene, socket: &str, topics: &[&str], after: Option<&str>) {
    let caller = client_of(&scene.world, &scene.shop);
    assert_eq!(run(scene.world.open_socket(socket, caller)).status, 200);
    assert_eq!(scene.world.say(socket, &subscribe(topics, after)).code, None);
}

fn last_said(world: &World, socket: &str) -> Value {
    world.heard(socket).pop().unwrap_or_default()
}

/// The scene's public events of a first word, in the order of their ids.
pub(super) fn events(scene: &Scene, word: &str) -> Vec<String> {
    let events = scene.world.store.contents().events.into_iter();
    let ours = events.filter(|event| event.tenant.to_string() == scene.shop.tenant && event.kind.is_public());
    ours.filter(|event| event.kind.as_str().starts_with(word)).map(|event| event.id.to_string()).collect()
}

/// A moment later than what was before it, and no faster than the limit lets them.
pub(super) fn order(scene: &Scene) {
    scene.world.clock.advance(Duration::from_millis(150));
    scene.world.order(&scene.owner_now(), 500);
}

#[test]
fn l2_a_socket_is_opened_by_a_good_token_from_a_listed_page() {
    let scene = Scene::new();
    let (world, token) = (&scene.world, &scene.shop.owner.access_token);
    let protocols = format!("coffer.v1, bearer.{token}");
    let bearer = format!("Bearer {token}");
    let cut = &token[..token.len() - 2];
    for (socket, headers, status) in [
        ("query", vec![(TOKEN, token.as_str())], 200),
        ("protocol", vec![("sec-websocket-protocol", protocols.as_str())], 200),
        ("header", vec![("authorization", bearer.as_str())], 200),
        ("page", vec![(TOKEN, token), ("origin", "https://app.example")], 200),
        ("none", vec![], 403),
        ("cut", vec![(TOKEN, cut)], 403),
        ("two", vec![(TOKEN, token), (TOKEN, token)], 403),
        ("other-page", vec![(TOKEN, token), ("origin", "https://evil.example")], 403),
        ("no-page", vec![(TOKEN, token), ("origin", "null")], 403),
    ] {
        assert_eq!(world.shake_hands(socket, &headers), status, "{socket}");
    }
    let ids: Vec<String> = world.store.contents().sockets.iter().map(|socket| socket.id.to_string()).collect();
    assert_eq!(ids, ["header", "page", "protocol", "query"]);
    world.clock.advance(Duration::from_secs(631));
    assert_eq!(world.shake_hands("late", &[(TOKEN, token)]), 403, "the token has expired");
}

#[test]
fn l2_a_session_that_has_ended_opens_nothing() {
    let scene = Scene::new();
    let member = scene.shop.add(&scene.world, Role::Viewer);
    let headers = [(TOKEN, member.access_token.as_str())];
    assert_eq!(scene.world.shake_hands("before", &headers), 200);
    let ask = Ask::delete(format!("/v1/sessions/{}", member.session)).by(&member.caller);
    assert!(scene.world.call(ask).is_success());
    assert_eq!(scene.world.shake_hands("after", &headers), 401);
    // A token that is nearly over is taken nowhere else longer, and a socket ends with it.
    scene.world.clock.advance(Duration::from_secs(610));
    assert_eq!(scene.world.shake_hands("late", &[(TOKEN, scene.shop.owner.access_token.as_str())]), 401);
}

#[test]
fn l2_a_socket_is_closed_when_its_token_expires() {
    let scene = Scene::new();
    open(&scene, "s", &["orders"], None);
    scene.world.settle();
    scene.world.clock.advance(Duration::from_secs(598));
    scene.world.settle();
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.heard_of("s").len(), 1);
    scene.world.clock.advance(Duration::from_secs(2));
    scene.world.settle();
    assert_eq!(last_said(&scene.world, "s"), json!({ "type": "closing", "code": "token_expired" }));
    order(&scene);
    scene.comes_to_rest();
    assert_eq!((scene.world.heard_of("s").len(), scene.world.store.contents().sockets.len()), (1, 0));
}

/// Nobody looks each minute: the push itself does.
#[test]
fn l2_nothing_is_pushed_once_the_token_or_the_session_has_ended() {
    for (code, seconds) in [("token_expired", 600), ("session_ended", 1)] {
        let scene = Scene::new();
        let token = scene.shop.owner.access_token.clone();
        assert_eq!(scene.world.shake_hands("s", &[(TOKEN, &token)]), 200);
        assert_eq!(scene.world.say("s", &subscribe(&["orders"], None)).code, None);
        scene.world.settle();
        let other = scene.world.log_in(&scene.shop.owner.email).caller;
        if code == "session_ended" {
            let ask = Ask::delete(format!("/v1/sessions/{}", scene.shop.owner.session)).by(scene.owner());
            assert!(scene.world.call(ask).is_success());
        }
        scene.world.order(&other, 500);
        scene.world.clock.advance(Duration::from_secs(seconds));
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        let notices = scene.world.receive(Queue::Realtime, 50);
        let of_orders = notices.iter().filter(|it| it.notice.kind == EventType::OrderCreated);
        for delivery in of_orders {
            run(scene.world.step(Queue::Realtime, &delivery.notice)).expect("nothing fails");
        }
        assert_eq!(last_said(&scene.world, "s")["code"], code);
        assert_eq!((scene.world.heard_of("s").len(), scene.world.store.contents().sockets.len()), (0, 0), "{code}");
    }
}

#[test]
fn l2_a_socket_whose_session_ends_is_closed_within_a_minute() {
    let scene = Scene::new();
    let member = scene.shop.add(&scene.world, Role::Viewer);
    assert_eq!(scene.world.shake_hands("s", &[(TOKEN, &member.access_token)]), 200);
    let ask = Ask::delete(format!("/v1/sessions/{}", member.session)).by(&member.caller);
    assert!(scene.world.call(ask).is_success());
    scene.world.clock.advance(LOOKED_AT_EACH);
    scene.world.settle();
    assert_eq!(last_said(&scene.world, "s"), json!({ "type": "closing", "code": "session_ended" }));
    assert_eq!(scene.world.store.contents().sockets, []);
}

#[test]
fn l2_a_tenant_has_so_many_sockets_and_no_more() {
    let scene = Scene::new();
    let caller = client_of(&scene.world, &scene.shop);
    for number in 1..SOCKETS_MAX {
        assert_eq!(run(scene.world.open_socket(&format!("s{number}"), caller.clone())).status, 200);
    }
    let at_once = ["a", "b", "c"].map(|name| scene.world.open_socket(name, caller.clone()));
    let opened = together(7, at_once).into_iter().filter(|answer| answer.status == 200).count();
    assert!(opened <= 1 && scene.world.store.contents().sockets.len() <= SOCKETS_MAX);
    assert_eq!(run(scene.world.disconnect_step("s1")).status, 200);
    let other = scene.world.sign_up("coffee");
    assert_eq!(run(scene.world.open_socket("theirs", client_of(&scene.world, &other))).status, 200);
    if opened == 1 {
        assert_eq!(run(scene.world.open_socket("again", caller.clone())).status, 200);
    }
    assert_eq!(run(scene.world.open_socket("full", caller)).status, if opened == 1 { 429 } else { 200 });
}

#[test]
fn l3_a_socket_hears_of_its_topics_and_its_tenant_alone() {
    let scene = Scene::new();
    let world = &scene.world;
    let other = world.sign_up("coffee");
    open(&scene, "all", &["orders", "payments"], None);
    open(&scene, "orders", &["orders"], None);
    open(&scene, "silent", &["jobs"], None);
    assert_eq!(run(world.open_socket("theirs", client_of(world, &other))).status, 200);
    assert_eq!(world.say("theirs", &subscribe(&["orders", "payments"], None)).code, None);
    world.pay(scene.owner(), None, 700, "tok_success");
    order(&scene);
    world.order(&other.owner.caller, 800);
    scene.comes_to_rest();
    let mut expected = [events(&scene, "payment."), events(&scene, "order.")].concat();
    expected.sort();
    let mut all = world.heard_of("all");
    all.sort();
    assert_eq!(all, expected);
    assert_eq!((world.heard_of("orders"), world.heard_of("silent")), (events(&scene, "order."), vec![]));
    let theirs = world.store.contents().events.into_iter().filter(|event| event.tenant.to_string() == other.tenant);
    let theirs: Vec<String> = theirs.map(|event: Event| event.id.to_string()).collect();
    assert_eq!(world.heard_of("theirs"), theirs);
    // What is pushed is what the API shows.
    let id = world.heard_of("orders")[0].clone();
    let shown = world.show(&scene.owner_now(), &format!("/v1/events/{id}"));
    assert!(world.heard("orders").contains(&shown), "{shown}");
}

#[test]
fn l3_topics_are_added_and_taken_away() {
    let scene = Scene::new();
    open(&scene, "s", &["orders"], None);
    let said = last_said(&scene.world, "s");
    assert_eq!((&said["type"], &said["topics"]), (&json!("subscribed"), &json!(["orders"])));
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.say("s", &subscribe(&["wallets"], None)).code, None);
    let said = last_said(&scene.world, "s");
    assert_eq!((&said["topics"], &said["after"]), (&json!(["orders", "wallets"]), &json!(events(&scene, "order.")[0])));
    scene.world.settle();
    let bye = json!({ "action": "unsubscribe", "topics": ["orders", "jobs"] });
    assert_eq!(scene.world.say("s", &bye).code, None);
    assert_eq!(last_said(&scene.world, "s"), json!({ "type": "unsubscribed", "topics": ["wallets"] }));
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.heard_of("s"), events(&scene, "order.")[..1]);
}

#[test]
fn l3_what_is_not_understood_is_told_and_changes_nothing() {
    let scene = Scene::new();
    open(&scene, "s", &["orders"], None);
    let before = scene.world.store.contents().sockets;
    for (text, code) in [
        ("hello", "malformed_body"),
        (r#"{"action":"subscribe","topics":["everything"]}"#, "invalid_fields"),
        (r#"{"action":"dance","topics":["orders"]}"#, "invalid_fields"),
        (r#"{"action":"subscribe","topics":["jobs"],"after":"evt_7zzzzzzzzzzzzzzzzzzzzzzzzz"}"#, "after_unknown"),
        (r#"{"action":"subscribe","topics":["jobs"],"after":"evt_00000000000000000000000001"}"#, "after_too_old"),
    ] {
        assert_eq!(run(scene.world.say_step("s", text)).code, Some(code));
        let said = last_said(&scene.world, "s");
        assert_eq!((&said["type"], &said["code"]), (&json!("error"), &json!(code)), "{said}");
        assert!(said["detail"].is_string() && said["request_id"] == "socket-s", "{said}");
        assert_eq!(scene.world.store.contents().sockets, before, "{text}");
    }
}

#[test]
fn l3_a_dead_connection_is_removed_at_the_next_push() {
    let scene = Scene::new();
    open(&scene, "dead", &["orders"], None);
    open(&scene, "well", &["orders"], None);
    open(&scene, "told", &["orders"], None);
    scene.world.lose("dead");
    assert_eq!(run(scene.world.disconnect_step("told")).status, 200);
    order(&scene);
    scene.world.settle();
    let ids: Vec<String> = scene.world.store.contents().sockets.iter().map(|socket| socket.id.to_string()).collect();
    assert_eq!((ids, scene.world.heard_of("well")), (vec!["well".to_owned()], events(&scene, "order.")));
}

/// What is left of a socket is closed, whichever half it is.
#[test]
fn l3_a_connection_without_a_row_is_closed() {
    let scene = Scene::new();
    for name in ["silent", "speaks"] {
        open(&scene, name, &["orders"], None);
    }
    scene.world.clock.advance(Duration::from_secs(6 * 3_600));
    scene.world.store.delete_expired(scene.world.clock.now());
    let is_open = |name| scene.world.sockets.is_open(&SocketId::parse(name).expect("an id"));
    assert!(is_open("silent") && is_open("speaks"));
    assert_eq!(scene.world.say("speaks", &subscribe(&["jobs"], None)).code, Some("closed"));
    assert!(is_open("silent") && !is_open("speaks"));
    scene.world.settle();
    assert!(!is_open("silent"));
}

/// One that cannot be pushed to is tried again by a message of its own, and loses nothing.
#[test]
fn l3_a_connection_that_fails_holds_no_other() {
    let scene = Scene::new();
    for name in ["a", "b", "c"] {
        open(&scene, name, &["orders"], None);
    }
    scene.world.settle();
    order(&scene);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.faults.fail("pusher.push", 1, Fault::Unavailable);
    scene.world.settle();
    let heard = || ["a", "b", "c"].map(|name| scene.world.heard_of(name).len());
    assert_eq!(heard(), [0, 1, 1]);
    scene.world.clock.advance(MINUTE);
    scene.world.settle();
    assert_eq!(heard(), [1, 1, 1]);
}

#[test]
fn l4_who_comes_back_hears_of_all_that_was_missed_and_nothing_twice() {
    let scene = Scene::new();
    open(&scene, "first", &["orders"], None);
    (0..3).for_each(|_| order(&scene));
    scene.world.settle();
    let heard = scene.world.heard_of("first");
    assert_eq!(heard, events(&scene, "order."));
    scene.world.lose("first");
    (0..130).for_each(|_| order(&scene));
    scene.world.settle();
    // Behind the second: the third had come, and its client is not sure of it.
    open(&scene, "second", &["orders"], Some(&heard[1]));
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.heard_of("second"), events(&scene, "order.")[2..]);
    assert_eq!(scene.world.heard("second")[0]["after"], heard[1]);
}

/// The answer to a subscription names where it begins, so that even who has heard nothing can come back without a gap.
#[test]
fn l4_who_is_cut_off_before_the_first_event_comes_back_to_it() {
    for has_happened in [false, true] {
        let scene = Scene::new();
        if has_happened {
            order(&scene);
            scene.world.settle();
        } else {
            scene.world.clock.advance(Duration::from_secs(120));
        }
        open(&scene, "first", &["orders"], None);
        let after = last_said(&scene.world, "first")["after"].as_str().expect("a place").to_owned();
        scene.world.lose("first");
        order(&scene);
        scene.world.settle();
        open(&scene, "second", &["orders"], Some(&after));
        scene.world.settle();
        assert_eq!(scene.world.heard_of("second"), events(&scene, "order.")[usize::from(has_happened)..]);
    }
}

/// Before anybody has listened: the feed begins behind the event that is named.
#[test]
fn l4_the_first_who_listens_may_begin_in_the_past() {
    let scene = Scene::new();
    (0..250).for_each(|_| order(&scene));
    scene.world.settle();
    scene.world.clock.advance(Duration::from_secs(3_600));
    order(&scene);
    let all = events(&scene, "order.");
    open(&scene, "s", &["orders"], Some(&all[4]));
    scene.world.settle();
    assert_eq!(scene.world.heard_of("s"), all[5..]);
    // Who names an event from before that is told so.
    let caller = client_of(&scene.world, &scene.shop);
    assert_eq!(run(scene.world.open_socket("t", caller)).status, 200);
    assert_eq!(scene.world.say("t", &subscribe(&["orders"], Some(&all[3]))).code, Some("after_too_old"));
    assert_eq!(scene.world.say("t", &subscribe(&["orders"], Some(&all[4]))).code, None);
    scene.world.settle();
    assert_eq!(scene.world.heard_of("t"), all[5..]);
}

#[test]
fn l4_an_event_that_is_older_than_the_log_is_named_as_such() {
    let scene = Scene::new();
    open(&scene, "first", &["orders"], None);
    order(&scene);
    scene.world.settle();
    let old = scene.world.heard_of("first")[0].clone();
    scene.world.clock.advance(KEPT_FOR + MINUTE);
    scene.world.settle();
    scene.world.store.delete_expired(scene.world.clock.now());
    let caller = client_of(&scene.world, &scene.shop);
    assert_eq!(run(scene.world.open_socket("s", caller)).status, 200);
    assert_eq!(scene.world.say("s", &subscribe(&["orders"], Some(&old))).code, Some("after_too_old"));
    assert_eq!(scene.world.say("s", &subscribe(&["orders"], None)).code, None);
    order(&scene);
    scene.world.settle();
    assert_eq!(scene.world.heard_of("s").len(), 1);
}

/// Its id is older than one that was told already: it comes behind that one, on the socket and for whoever comes back.
#[test]
fn l4_an_event_that_was_committed_late_is_told_late_and_once() {
    let scene = Scene::new();
    open(&scene, "first", &["orders"], None);
    scene.world.settle();
    let early: EventId = scene.world.id();
    scene.world.clock.advance(Duration::from_secs(5));
    order(&scene);
    scene.world.settle();
    let told = scene.world.heard_of("first");
    let kind = EventType::OrderPaid;
    let tenant = scene.owner().tenant;
    let template = scene.world.store.contents().events.into_iter().next_back().expect("there is one");
    let late = Event { id: early, tenant, kind, ..template };
    let notice = Notice::from(&late);
    let commit = ports::commerce::Commit {
        tenant,
        record: None,
        changes: Vec::new(),
        events: vec![late],
        now: scene.world.clock.now(),
    };
    run(ports::commerce::Commerce::commit(scene.world.store.as_ref(), commit)).expect("nothing fails");
    for _ in 0..3 {
        run(scene.world.step(Queue::Realtime, &notice)).expect("nothing fails");
        scene.world.settle();
    }
    let expected = [told[0].clone(), early.to_string()];
    assert_eq!(scene.world.heard_of("first"), expected);
    open(&scene, "second", &["orders"], Some(&told[0]));
    scene.world.settle();
    assert_eq!(scene.world.heard_of("second"), expected[1..]);
    open(&scene, "third", &["orders"], Some(&early.to_string()));
    scene.world.settle();
    assert!(scene.world.heard_of("third").is_empty());
}
