//! Sockets: what they want, whose turn it is, when they end, and from which pages they are opened.

use super::*;
use crate::access::{Grant, Role};
use crate::turn::LEASE;

const OPENED: Timestamp = Timestamp::from_ms(1_000_000);

fn socket() -> Socket {
    let caller = Caller {
        tenant: TenantId::from_u128(1),
        subject: "usr_1".to_owned(),
        session: None,
        grant: Grant::Role(Role::Viewer),
        issued_at_seconds: 1_000,
    };
    Socket::new(SocketId::parse("L0SM9cOFvHcCIhw=").expect("an id"), caller, OPENED)
}

fn topics(names: &[&str]) -> BTreeSet<Topic> {
    names.iter().map(|name| Topic::parse(name).expect("a topic")).collect()
}

#[test]
fn topics_are_the_first_words_of_public_types() {
    for kind in EventType::ALL {
        let word = kind.as_str().split('.').next().expect("a first word");
        let name = if word.ends_with('s') { word.to_owned() } else { format!("{word}s") };
        let topic = Topic::of(*kind);
        assert_eq!(topic.is_some(), kind.is_public(), "{kind:?}");
        assert!(topic.is_none_or(|topic| topic.to_string() == name && Topic::parse(&name) == Ok(topic)));
    }
    for wrong in ["payment", "paymentss", "jobss", "", "s", "*", "realtime_sockets"] {
        assert_eq!(Topic::parse(wrong).map_err(|invalid| invalid.code), Err("unknown_value"), "{wrong}");
    }
}

#[test]
fn a_socket_hears_of_what_it_has_asked_for() {
    let none = socket();
    let both = none.subscribed(&topics(&["payments", "orders"]), None, OPENED);
    let one = both.unsubscribed(&topics(&["orders", "jobs"]));
    let hears = |socket: &Socket| {
        [EventType::PaymentFailed, EventType::OrderPaid, EventType::JobResumed].map(|kind| socket.wants(kind))
    };
    assert_eq!((hears(&none), hears(&both), hears(&one)), ([false; 3], [true, true, false], [true, false, false]));
    assert_eq!((none.version, both.version, one.version), (1, 2, 3));
}

#[test]
fn a_socket_hears_of_nothing_that_its_caller_may_not_read() {
    let all = socket().subscribed(&Topic::all(), None, OPENED);
    let of_admin = Socket { caller: Caller { grant: Grant::Role(Role::Admin), ..all.caller.clone() }, ..all.clone() };
    for kind in EventType::ALL.iter().filter(|kind| kind.is_public()) {
        let is_open = Grant::Role(Role::Viewer).allows(kind.least_action());
        assert_eq!((all.wants(*kind), of_admin.wants(*kind)), (is_open, true), "{kind:?}");
    }
    let refused = Topic::all().into_iter().filter(|topic| !topic.is_open_to(&all.caller.grant));
    assert_eq!(refused.collect::<BTreeSet<_>>(), topics(&["providers"]));
    assert!(Topic::all().iter().all(|topic| topic.is_open_to(&of_admin.caller.grant)));
}

#[test]
fn a_socket_ends_with_its_token() {
    let end = Timestamp::from_ms(1_600_000);
    assert_eq!(socket().expires_at(), end);
    assert!(!socket().is_expired(Timestamp::from_ms(1_599_999)) && socket().is_expired(end));
}

#[test]
fn who_pushes_has_the_socket_alone_and_is_asked_once() {
    let leased = socket().turned(Turn::taken(OPENED));
    assert!(leased.turn.is_leased(OPENED) && !leased.turn.is_leased(OPENED.plus(LEASE)) && !leased.turn.wanted);
    let asked = leased.turned(leased.turn.asked_for_more());
    assert!(asked.turn.wanted && asked.turn.is_leased(OPENED));
    let [heard, released, again] =
        [asked.turn.rested(), Turn::FREE, Turn::taken(OPENED)].map(|turn| asked.turned(turn));
    assert!(!heard.turn.wanted && !released.turn.is_leased(OPENED) && !again.turn.wanted);
}

#[test]
fn nobody_pushes_before_a_subscription_is_answered() {
    let subscribed = socket().subscribed(&topics(&["jobs"]), None, OPENED);
    assert!(subscribed.turn.is_leased(OPENED) && !subscribed.turn.wanted);
    assert!(!subscribed.turn.is_leased(OPENED.plus(ANSWER_TAKES)));
}

#[test]
fn whoever_asked_to_go_back_is_not_moved_on() {
    let at = |block, events| FeedPlace { block, events };
    let later = OPENED.plus(Duration::from_secs(1));
    let leased = socket().subscribed(&topics(&["jobs"]), Some(at(5, 1)), OPENED).turned(Turn::taken(OPENED));
    let moved = leased.moved(at(5, 1), at(6, 0), later);
    assert_eq!((moved.place, moved.turn.lease_until), (at(6, 0), Some(later.plus(LEASE))));
    let sent_back = moved.subscribed(&topics(&["jobs"]), Some(at(2, 0)), later);
    assert!(
        sent_back.turn.wanted && sent_back.turn.lease_until == moved.turn.lease_until,
        "who pushes goes on, and looks again"
    );
    assert_eq!(sent_back.moved(at(6, 0), at(7, 1), later).place, at(2, 0));
}

#[test]
fn ids_are_what_gateways_make() {
    let long = "x".repeat(129);
    for (text, expected) in [("L0SM9cOFvHcCIhw=", true), ("0a1b2c", true), ("", false), ("a b", false), (&long, false)]
    {
        assert_eq!(SocketId::parse(text).is_some(), expected, "{text}");
    }
}

#[test]
fn only_listed_pages_open_sockets() {
    let origins = Origins::parse("https://shop.example, http://localhost:8080").expect("origins");
    for (origin, allowed) in [
        (None, true),
        (Some("https://shop.example"), true),
        (Some("http://localhost:8080"), true),
        (Some("http://shop.example"), false),
        (Some("https://shop.example.evil.example"), false),
        (Some("https://shop.example:444"), false),
        (Some("null"), false),
        (Some(""), false),
    ] {
        assert_eq!(origins.allow(origin), allowed, "{origin:?}");
    }
    assert_eq!(Origins::parse(""), Some(Origins::default()));
    assert!(!Origins::default().allow(Some("https://shop.example")));
    for wrong in ["shop.example", "https://", "https://shop.example/", "*", "https://Shop.example", "https://a b"] {
        assert_eq!(Origins::parse(wrong), None, "{wrong}");
    }
}
