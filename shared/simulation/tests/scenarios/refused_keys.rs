//! A provider that takes a tenant's key no more: the merchant is told once, everything by it waits, nothing is buried, and
//! it goes on with the next key.

use coffer_simulation::{Ask, run, stripe_body};
use domain::connection::COUNTS_AFTER;
use domain::event::{EventType, Queue};
use domain::mail::MailKind;
use domain::payment::PaymentStatus;
use domain::secret::Secret;
use memory::Fault;
use ports::clock::Clock as _;
use ports::commerce::Consistency;
use ports::connections::Connections as _;
use serde_json::{Value, json};

use super::Scene;

const KEY: &str = "sk_test_account_0001";
const NEXT_KEY: &str = "sk_test_account_0002";

/// A shop whose payments go by an account of its own.
fn scene(ranks: &[(&str, &str)]) -> Scene {
    let scene = Scene::new();
    for (provider, rank) in ranks {
        let body = if *provider == "stripe" { stripe_body(rank, KEY) } else { json!({ "rank": rank }) };
        scene.world.connect(&scene.owner_now(), provider, &body).ok(200);
        scene.world.clock.advance(COUNTS_AFTER);
    }
    scene
}

fn renew(scene: &Scene) {
    scene.world.second.set_refusing_keys(false);
    scene.world.connect(&scene.owner_now(), "stripe", &stripe_body("first", NEXT_KEY)).ok(200);
    // What was asked after in vain waits for a quarter of an hour at most.
    minutes(scene, 20);
}

fn minutes(scene: &Scene, count: usize) {
    for _ in 0..count {
        scene.world.settle();
        scene.world.minute();
    }
    scene.world.settle();
}

fn shown(scene: &Scene) -> Value {
    scene.world.show(&scene.owner_now(), "/v1/providers/stripe")
}

fn told(scene: &Scene) -> usize {
    let events = scene.world.store.contents().events;
    events.iter().filter(|event| event.kind == EventType::ProviderKeyRefused).count()
}

fn buried(scene: &Scene) -> Vec<Option<String>> {
    let letters = Queue::ALL.into_iter().flat_map(|queue| scene.world.queues.dead_letters(queue));
    letters.map(|letter| letter.reason).collect()
}

fn taken(scene: &Scene, payment: &str) -> [i64; 2] {
    let id = payment.parse().expect("an id");
    [&scene.world.provider, &scene.world.second].map(|provider| provider.charged(id))
}

#[test]
fn payments_wait_for_the_next_key_and_the_owner_is_told_once() {
    let scene = scene(&[("stripe", "first")]);
    scene.world.second.set_refusing_keys(true);
    let payments = [1, 2].map(|_| scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id());
    for _ in 0..20 {
        minutes(&scene, 1);
        scene.world.clock.advance(COUNTS_AFTER);
        assert_eq!(scene.world.sweep().expect("nothing fails").failed, 0, "it is no failure of the sweeper's");
    }
    for payment in &payments {
        assert_eq!((scene.status_of(payment), taken(&scene, payment)), (PaymentStatus::Processing, [0, 0]));
    }
    assert_eq!((told(&scene), buried(&scene)), (1, Vec::new()));
    assert!(shown(&scene)["key_refused_at"].is_string(), "{}", shown(&scene));
    let mails = scene.world.mailer.taken();
    let [mail] = &mails[..] else { panic!("one mail, not {}", mails.len()) };
    assert_eq!((mail.kind, mail.to.as_str()), (MailKind::ProviderKeyRefused, scene.shop.owner.email.as_str()));
    assert!(mail.written.text.contains("payments by Stripe are waiting") && !mail.written.text.contains(KEY));

    renew(&scene);
    for payment in &payments {
        assert_eq!((scene.status_of(payment), taken(&scene, payment)), (PaymentStatus::Succeeded, [0, 500]));
    }
    assert_eq!((shown(&scene)["key_refused_at"].clone(), told(&scene)), (Value::Null, 1));
    scene.comes_to_rest();
}

/// B9: a provider that turned the request away for its key has done nothing.
#[test]
fn b9_the_second_provider_takes_over_what_the_first_turned_away() {
    let scene = scene(&[("stripe", "first"), ("sandbox", "second")]);
    scene.world.second.set_refusing_keys(true);
    let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();
    scene.world.settle();
    assert_eq!((taken(&scene, &payment), told(&scene), buried(&scene)), ([500, 0], 1, Vec::new()));
    renew(&scene);
    assert_eq!(taken(&scene, &scene.world.paid(&scene.owner_now(), 300)), [0, 300]);
    assert_eq!(taken(&scene, &payment), [500, 0]);
    scene.comes_to_rest();
}

/// Who may have been charged is never charged elsewhere, whatever the first provider says later.
#[test]
fn b9_what_may_have_been_charged_stays_with_the_first() {
    let scene = scene(&[("stripe", "first"), ("sandbox", "second")]);
    scene.world.faults.fail("provider.charge", 1, Fault::TimedOutAfter);
    let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();
    scene.world.settle();
    scene.world.second.set_refusing_keys(true);
    minutes(&scene, 5);
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Processing, [0, 500]));
    renew(&scene);
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Succeeded, [0, 500]));
    scene.comes_to_rest();
}

#[test]
fn refunds_and_answers_to_disputes_wait_as_well() {
    let scene = scene(&[("stripe", "first")]);
    let payment = scene.world.paid(&scene.owner_now(), 500);
    let disputed = scene.world.pay(&scene.owner_now(), None, 700, "tok_dispute").id();
    scene.world.run_until_quiet();
    let data = json!({ "idempotency_key": format!("{disputed}-1"), "client_reference": scene.shop.tenant });
    let told_of = json!({ "id": "evt_1", "type": "charge.updated", "data": data });
    let signature =
        provider::sign(&Secret::new("whsec_0123456789"), scene.world.clock.now(), told_of.to_string().as_bytes());
    let tell = Ask::post("/v1/providers/stripe/events", &told_of).header("sandbox-signature", &signature);
    scene.world.call(tell.query("tenant", scene.shop.tenant.as_str())).ok(200);
    scene.world.run_until_quiet();
    let disputes = scene.world.show(&scene.owner_now(), "/v1/disputes");
    let dispute = disputes["data"][0]["id"].as_str().expect("a dispute");

    scene.world.second.set_refusing_keys(true);
    scene.world.refund(&scene.owner_now(), &payment, 200).ok(202);
    let evidence = json!({ "evidence": "It was delivered." });
    let answer = Ask::post(format!("/v1/disputes/{dispute}/answer"), &evidence).by(&scene.owner_now()).key("an-answer");
    scene.world.call(answer).ok(202);
    for _ in 0..20 {
        minutes(&scene, 1);
        scene.world.clock.advance(COUNTS_AFTER);
        assert_eq!(scene.world.sweep().expect("nothing fails").failed, 0);
    }
    assert_eq!((told(&scene), buried(&scene)), (1, Vec::new()));
    assert_eq!(scene.world.second.refunded(payment.parse().expect("an id")), 0);
    renew(&scene);
    assert_eq!(scene.world.second.refunded(payment.parse().expect("an id")), 200);
    scene.comes_to_rest();
}

/// That it is told fails, or others change the connections meanwhile: the next refusal tells.
#[test]
fn what_could_not_be_told_is_told_by_the_next_refusal() {
    for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
        let scene = scene(&[("stripe", "first")]);
        scene.world.second.set_refusing_keys(true);
        let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();
        scene.world.faults.fail("commerce.commit", 1, fault);
        minutes(&scene, 5);
        assert_eq!((told(&scene), buried(&scene)), (1, Vec::new()), "{fault:?}");
        renew(&scene);
        assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Succeeded, [0, 500]));
        scene.comes_to_rest();
    }
}

/// A key that has just come was tried: a refusal that arrives now is of the one before.
#[test]
fn a_refusal_of_the_key_before_says_nothing_of_the_next() {
    let scene = scene(&[("stripe", "first")]);
    scene.world.second.set_refusing_keys(true);
    scene.world.pay(&scene.owner_now(), None, 500, "tok_success");
    scene.world.connect(&scene.owner_now(), "stripe", &stripe_body("first", NEXT_KEY)).ok(200);
    scene.world.settle();
    assert_eq!((shown(&scene)["key_refused_at"].clone(), told(&scene)), (Value::Null, 0));
    renew(&scene);
    scene.comes_to_rest();
}

/// Connecting and disconnecting are told of too: whoever watches the events sees who may take money.
#[test]
fn changes_of_the_accounts_are_events() {
    let scene = scene(&[("stripe", "first"), ("stripe", "first"), ("stripe", "second")]);
    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).ok(204);
    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).refused(404, "not_found");
    let events = scene.world.store.contents().events.into_iter().filter(|event| event.subject == "stripe");
    let told: Vec<_> = events.map(|event| (event.kind.as_str(), event.object)).collect();
    let kinds: Vec<_> = told.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["provider.connected", "provider.connected", "provider.disconnected"]);
    for (_, object) in &told {
        let object: Value = serde_json::from_str(object).expect("JSON");
        assert_eq!((&object["name"], &object["account"]), (&json!("stripe"), &json!("acct_account:test")));
        assert!(!object.to_string().contains(KEY));
    }
    let left = run(scene.world.store.get(scene.owner().tenant, Consistency::Strong)).expect("connections");
    assert!(left.connected.is_empty());
    scene.comes_to_rest();
}
