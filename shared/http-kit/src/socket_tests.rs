//! Handshakes with one token, and messages that are understood or complained of.

use domain::ids::EventId;
use http::HeaderValue;

use super::*;

fn handshake(headers: &[(&'static str, &str)], query: &[(&str, &str)]) -> Handshake {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).expect("a header"));
    }
    Handshake { headers: map, query: query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect() }
}

const PROTOCOLS: &str = "sec-websocket-protocol";

#[test]
fn a_token_comes_one_way() {
    for (headers, query, expected) in [
        (&[][..], &[("token", "a.b.c")][..], Some("a.b.c")),
        (&[(PROTOCOLS, "coffer.v1, bearer.a.b.c")], &[], Some("a.b.c")),
        (&[(PROTOCOLS, "coffer.v1"), (PROTOCOLS, "bearer.a.b.c")], &[], Some("a.b.c")),
        (&[("authorization", "bearer a.b.c")], &[], Some("a.b.c")),
        (&[("authorization", "Basic a.b.c")], &[], None),
        (&[(PROTOCOLS, "coffer.v1, a.b.c")], &[], None),
        (&[], &[("token", "")], None),
        (&[], &[("tokens", "a.b.c")], None),
        (&[], &[("token", "a.b.c"), ("token", "a.b.c")], None),
        (&[(PROTOCOLS, "bearer.a.b.c")], &[("token", "a.b.c")], None),
        (&[], &[], None),
    ] {
        let handshake = handshake(headers, query);
        let token = handshake.token();
        assert_eq!(token.as_ref().map(Secret::reveal), expected, "{headers:?} {query:?}");
        assert!(!format!("{handshake:?} {token:?}").contains("a.b.c"));
    }
}

#[test]
fn the_protocol_is_chosen_where_it_is_offered() {
    for (offered, expected) in
        [("coffer.v1, bearer.x", Some(PROTOCOL)), ("bearer.x,coffer.v1", Some(PROTOCOL)), ("bearer.x, coffer.v2", None)]
    {
        assert_eq!(handshake(&[(PROTOCOLS, offered)], &[]).protocol(), expected);
    }
    assert_eq!(handshake(&[("origin", "https://a.example")], &[]).origin(), Some("https://a.example"));
    assert_eq!(handshake(&[], &[]).origin(), None);
}

#[test]
fn what_is_said() {
    let topics = BTreeSet::from([Topic::parse("orders").expect("a topic"), Topic::parse("jobs").expect("a topic")]);
    let after = EventId::from_u128(7);
    let text = format!(r#"{{"action":"subscribe","topics":["jobs","orders","jobs"],"after":"{after}"}}"#);
    assert_eq!(said(text.as_bytes()), Ok(Said::Subscribe { topics: topics.clone(), after: Some(after) }));
    let text = br#"{"action":"subscribe","topics":["jobs","orders"],"after":null}"#;
    assert_eq!(said(text), Ok(Said::Subscribe { topics: topics.clone(), after: None }));
    let text = br#"{"action":"unsubscribe","topics":["jobs","orders"]}"#;
    assert_eq!(said(text), Ok(Said::Unsubscribe { topics }));
}

#[test]
fn what_is_not_understood_is_named() {
    let long = format!(r#"{{"action":"subscribe","topics":["{}"]}}"#, "x".repeat(MESSAGE_BYTES_MAX));
    let many = format!(r#"{{"action":"subscribe","topics":[{}"jobs"]}}"#, r#""jobs","#.repeat(50));
    for (text, code, faults) in [
        ("", "malformed_body", &[][..]),
        ("hello", "malformed_body", &[]),
        ("[]", "malformed_body", &[]),
        (&long, "message_too_large", &[]),
        ("{}", "invalid_fields", &["/action", "/topics"]),
        (r#"{"action":"shout","topics":["jobs"]}"#, "invalid_fields", &["/action"]),
        (r#"{"action":"subscribe","topics":["job"]}"#, "invalid_fields", &["/topics"]),
        (r#"{"action":"subscribe","topics":[]}"#, "invalid_fields", &["/topics"]),
        (&many, "invalid_fields", &["/topics"]),
        (r#"{"action":"subscribe","topics":["jobs"],"after":"ord_1"}"#, "invalid_fields", &["/after"]),
        (r#"{"action":"subscribe","topics":["jobs"],"filter":1}"#, "invalid_fields", &["/filter"]),
        (r#"{"action":"unsubscribe","topics":["jobs"],"after":"x"}"#, "invalid_fields", &["/after"]),
    ] {
        let complaint = said(text.as_bytes()).expect_err("not understood");
        let pointers: Vec<&str> = complaint.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!((complaint.code, pointers.as_slice()), (code, faults), "{text}");
    }
}
