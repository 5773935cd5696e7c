//! Sockets: connecting, being refused, hearing of events, coming back, and the end of a token.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Party, SOON, Shop, Socket, TestApp, eventually, protocols_with, setting};
use crate::tokens::token_issued;

fn subscribe(topics: &[&str], after: Option<&Value>) -> Value {
    json!({ "action": "subscribe", "topics": topics, "after": after })
}

async fn listening(party: &Party, topics: &[&str], after: Option<&Value>) -> Socket {
    let mut socket = Socket::open(party.token()).await.expect("it is opened");
    socket.say(&subscribe(topics, after)).await;
    let said = socket.next().await.expect("an answer");
    assert_eq!((&said["type"], &said["topics"]), (&json!("subscribed"), &json!(topics)), "{said}");
    socket
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

/// Events of orders that the API knows, oldest first.
async fn of_orders(shop: &Shop) -> Vec<String> {
    let mut events = shop.all("/events").await;
    events.retain(|event| event["type"].as_str().is_some_and(|kind| kind.starts_with("order.")));
    events.reverse();
    ids(&events)
}

// L2
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_handshake_needs_a_token_and_a_listed_page() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (token, page) = (shop.token(), setting("COFFER_API"));
    let (protocols, query) = (protocols_with(token), format!("?token={token}"));
    let page = page.trim_end_matches('/').replace("127.0.0.1", "localhost");
    assert!(Socket::connect(&query, &[]).await.is_ok());
    let from_page = Socket::connect("", &[("sec-websocket-protocol", &protocols), ("origin", &page)]).await;
    assert_eq!(from_page.err(), None, "{page}");
    for (query, headers) in [
        ("", vec![]),
        ("?token=not.a.token", vec![]),
        (query.as_str(), vec![("origin", "https://evil.example")]),
        (query.as_str(), vec![("origin", "null")]),
    ] {
        let refused = Socket::connect(query, &headers).await.err();
        assert!(matches!(refused, Some(401 | 403)), "{refused:?}");
    }
    let member = shop.add("viewer").await;
    assert!(Socket::open(member.token()).await.is_ok());
    shop.delete(format!("/users/{}", member.id)).await.ok(204);
    assert!(matches!(Socket::open(member.token()).await.err(), Some(401 | 403)), "a user who is gone");
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_handshake_is_told_to_become_one() {
    let _app = TestApp::start().await;
    let url = format!("{}/realtime", setting("COFFER_API").trim_end_matches('/'));
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("an HTTP client");
    let answer = client.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
    let problem: Value = answer.json().await.expect("a problem");
    assert_eq!(problem["code"], "upgrade_required");
}

// L3
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn events_are_pushed_as_the_api_shows_them_to_whom_they_belong() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let mut socket = listening(&shop, &["orders"], None).await;
    let mut theirs = listening(&other, &["orders", "payments"], None).await;
    let order = shop.order(700, "EUR").await;
    let pushed = socket.events(1).await.remove(0);
    assert_eq!((&pushed["type"], &pushed["data"]["object"]["id"]), (&json!("order.created"), &order["id"]));
    assert_eq!(shop.get(format!("/events/{}", ids(std::slice::from_ref(&pushed))[0])).await.ok(200), pushed);
    other.order(800, "EUR").await;
    assert_eq!(theirs.events(1).await[0]["data"]["object"]["total_amount"], 800);

    socket.say_text("hello").await;
    let complaint = socket.next().await.expect("an answer");
    assert_eq!((&complaint["type"], &complaint["code"]), (&json!("error"), &json!("malformed_body")));
    socket.say(&json!({ "action": "unsubscribe", "topics": ["orders"] })).await;
    assert_eq!(socket.next().await, Some(json!({ "type": "unsubscribed", "topics": [] })));
    shop.order(900, "EUR").await;
    assert!(socket.is_silent_for(Duration::from_secs(2)).await);
}

// L4
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn who_comes_back_hears_of_what_was_missed_in_order_and_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut first = listening(&shop, &["orders"], None).await;
    shop.order(100, "EUR").await;
    let seen = first.events(1).await.remove(0);
    drop(first);
    for amount in 2..8 {
        shop.order(amount * 100, "EUR").await;
    }
    let mut second = listening(&shop, &["orders"], Some(&seen["id"])).await;
    let missed = second.events(6).await;
    shop.order(900, "EUR").await;
    let last = second.events(1).await;
    assert_eq!([ids(&[seen]), ids(&missed), ids(&last)].concat(), of_orders(&shop).await);

    second.say(&subscribe(&["orders"], Some(&json!("evt_00000000000000000000000001")))).await;
    assert_eq!(second.next().await.map(|said| said["code"].clone()), Some(json!("after_too_old")));
    let theirs = app.sign_up().await;
    theirs.order(100, "EUR").await;
    let foreign = of_orders(&theirs).await.remove(0);
    second.say(&subscribe(&["orders"], Some(&json!(foreign)))).await;
    assert_eq!(second.next().await.map(|said| said["code"].clone()), Some(json!("after_unknown")));
}

// L2: a token that has been issued almost its lifetime ago.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_socket_is_closed_when_its_token_expires() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let token = token_issued(&app, shop.token(), Duration::from_secs(590)).await;
    let mut socket = Socket::open(&token).await.expect("it is good for ten seconds");
    socket.say(&subscribe(&["orders"], None)).await;
    assert_eq!(socket.next().await.map(|said| said["type"].clone()), Some(json!("subscribed")));
    assert_eq!(socket.next().await, Some(json!({ "type": "closing", "code": "token_expired" })));
    assert_eq!(socket.next().await, None);
}

// L2
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_socket_whose_session_has_ended_hears_of_nothing_more() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let member = shop.add("viewer").await;
    let mut socket = listening(&member, &["orders"], None).await;
    member.delete(format!("/sessions/{}", member.session)).await.ok(204);
    shop.order(100, "EUR").await;
    assert_eq!(socket.next().await, Some(json!({ "type": "closing", "code": "session_ended" })));
    assert_eq!(socket.next().await, None);
}

// M1
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn no_log_has_a_token() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let token = shop.token();
    let socket = Socket::connect(&format!("?token={token}"), &[]).await;
    assert!(socket.is_ok() && Socket::connect(&format!("?token={token}x"), &[]).await.is_err());
    for function in ["realtime-authorize", "realtime-connect"] {
        let lines = eventually("its lines", SOON, async || {
            let lines = app.aws().logs(function, 0).await;
            if lines.is_empty() { Err("no line yet".to_owned()) } else { Ok(lines) }
        })
        .await;
        assert!(lines.iter().all(|line| !line.contains(token)), "{function}");
    }
}
