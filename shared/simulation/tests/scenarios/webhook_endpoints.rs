//! K: webhook endpoints: their secrets, what they may be, and when nobody is told there any more.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_simulation::Ask;
use domain::mail::MailKind;
use domain::webhook::{ENDPOINTS_MAX, Reach, WebhookUrl, check_address};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use memory::Manner;
use ports::webhooks::Message;
use serde_json::{Value, json};

use super::Scene;
use super::webhooks::{FIRST, SECOND, deliveries, events, minutes, order, pass, path};

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
    // The last minute of the day, and the first of the next.
    pass(&scene.world, minutes(24 * 60 - 1));
    order(&scene);
    pass(&scene.world, minutes(1));
    order(&scene);
    scene.world.run_until_quiet();
    let got = scene.world.receivers.got(FIRST);
    let versions = |signature: &str| {
        signature.split(' ').map(|one| one.split(',').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(versions(&got[0].message.signature), ["v1a", "v1"]);
    assert_eq!(versions(&got[1].message.signature), ["v1a"]);

    // K1: what anybody of the tenant is shown is enough to know that a request is ours.
    let public_key = scene.world.show(&scene.owner_now(), &path(&id, ""))["public_key"].clone();
    for request in &got {
        assert!(is_signed_by(public_key.as_str().expect("a key"), &request.message));
    }
    assert!(!is_signed_by(
        public_key.as_str().expect("a key"),
        &Message { body: "{}".to_owned(), ..got[0].message.clone() }
    ));
}

/// Whether the request's `v1a` is by this `whpk_` key.
fn is_signed_by(public_key: &str, message: &Message) -> bool {
    let decode = |text: &str| STANDARD.decode(text).expect("base64");
    let key = decode(public_key.strip_prefix("whpk_").expect("the prefix"));
    let key = VerifyingKey::from_bytes(&key.try_into().expect("32 bytes")).expect("a point");
    let signature = message.signature.split(' ').find_map(|one| one.strip_prefix("v1a,")).expect("one of ed25519");
    let signature = Signature::from_slice(&decode(signature)).expect("64 bytes");
    let signed = format!("{}.{}.{}", message.id, message.at.as_seconds(), message.body);
    key.verify(signed.as_bytes(), &signature).is_ok()
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
fn k7_one_that_fails_for_days_is_disabled_and_its_owner_hears_of_it() {
    let scene = Scene::new();
    scene.world.endpoint(scene.owner(), SECOND, &json!({ "types": ["webhook_endpoint.*"] }));
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
    let told = events(&scene, "webhook_endpoint.disabled");
    assert_eq!((told.len(), scene.world.receivers.taken(SECOND)), (1, told), "once, at the other endpoint");
    let mut mails = scene.world.mailer.taken();
    mails.retain(|mail| mail.kind == MailKind::WebhookDisabled);
    let [mail] = &mails[..] else { panic!("one mail") };
    assert_eq!(mail.to.as_str(), scene.shop.owner.email);
    assert!(mail.written.text.contains("for five days it answered nothing with success"), "{}", mail.written.text);
    pass(&scene.world, Duration::from_secs(24 * 60 * 60));
    let left: Vec<Value> = deliveries(&scene, &id).into_iter().filter(|it| it["status"] == "pending").collect();
    assert_eq!(left, [Value::Null; 0], "what was on its way is skipped");
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

#[test]
fn k11_k14_no_event_between_coffer_s_own_functions_is_replayed() {
    let scene = Scene::new();
    let [own, other] = [FIRST, SECOND].map(|url| scene.world.endpoint(scene.owner(), url, &json!({})).id());
    let tested = |id: &str| {
        let ask = Ask::post(path(id, "/test"), &json!({})).by(scene.owner()).key(&format!("test {id}"));
        scene.world.call(ask).ok(202).text("/event_id")
    };
    let (own_test, other_s_test) = (tested(&own), tested(&other));
    scene.world.settle();
    let replay = |event: &str| {
        let body = json!({ "event_id": event });
        scene.world.call(Ask::post(path(&own, "/replay"), &body).by(scene.owner()).key(event))
    };
    replay(&own_test).ok(202);
    let internal = events(&scene, "webhook_endpoint.replay_requested").remove(0);
    for event in [internal, other_s_test] {
        let answer = replay(&event);
        assert_eq!((answer.status, answer.code()), (404, "not_found".to_owned()), "{event}");
    }
    scene.world.settle();
    assert_eq!(scene.world.receivers.taken(FIRST), [own_test.clone(), own_test]);
}
