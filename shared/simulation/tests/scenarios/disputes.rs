//! B12, L1: what providers tell of their own accord, and disputes from their opening to their end.

use std::time::Duration;

use coffer_simulation::{Ask, World, together};
use domain::dispute::DisputeStatus;
use domain::event::Queue;
use domain::money::Currency;
use domain::payment::PaymentStatus;
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

/// A payment of 1,000 whose customer has asked for the money back, and nobody here knows yet.
fn disputed(scene: &Scene) -> String {
    let payment = scene.world.pay(scene.owner(), None, 1_000, "tok_dispute").id();
    scene.world.run_until_quiet();
    payment
}

fn tells(scene: &Scene, payment: &str, event: &str) -> Ask {
    scene.world.provider_tells(&scene.shop.tenant, payment, event)
}

/// The payment's dispute, once the provider has told of it.
fn opened(scene: &Scene, payment: &str) -> String {
    scene.world.call(tells(scene, payment, "evt_opened")).ok(200);
    scene.world.run_until_quiet();
    let disputes = scene.world.show(&scene.owner_now(), "/v1/disputes");
    disputes["data"][0]["id"].as_str().expect("a dispute").to_owned()
}

fn answer(dispute: &str, evidence: &str, key: &str) -> Ask {
    Ask::post(format!("/v1/disputes/{dispute}/answer"), &json!({ "evidence": evidence })).key(key)
}

/// Posted amounts of merchant, disputes and clearing.
fn balances(scene: &Scene) -> [i64; 3] {
    let accounts = scene.world.show(&scene.owner_now(), "/v1/accounts");
    ["acc_merchant_eur", "acc_disputes_eur", "acc_clearing_eur"].map(|id| {
        let of_id = accounts["data"].as_array().into_iter().flatten().find(|account| account["id"] == id);
        of_id.and_then(|account| account["posted_amount"].as_i64()).unwrap_or(0)
    })
}

fn kinds_of_disputes(scene: &Scene) -> Vec<Value> {
    let events = scene.world.show(&scene.owner_now(), "/v1/events");
    let kinds = events["data"].as_array().expect("a list").iter().map(|event| event["type"].clone());
    let mut kinds: Vec<Value> =
        kinds.filter(|kind| kind.as_str().is_some_and(|kind| kind.starts_with("dispute."))).collect();
    kinds.reverse();
    kinds
}

#[test]
fn b12_a_dispute_takes_the_money_away_until_it_is_decided() {
    for (evidence, status, expected, refundable) in [
        ("winning_evidence", "won", [1_000, 0, -1_000], 1_000),
        ("losing_evidence", "lost", [0, 0, 0], 0),
        ("The parcel was signed for", "under_review", [0, 1_000, -1_000], 0),
    ] {
        let scene = Scene::new();
        let payment = disputed(&scene);
        assert_eq!(balances(&scene), [1_000, 0, -1_000]);
        let dispute = opened(&scene, &payment);
        assert_eq!(balances(&scene), [0, 1_000, -1_000]);
        let path = format!("/v1/disputes/{dispute}");
        let shown = scene.world.show(&scene.owner_now(), &path);
        assert_eq!((&shown["status"], &shown["payment_id"]), (&json!("needs_response"), &json!(payment)));
        assert_eq!((&shown["amount"], &shown["reason"]), (&json!(1_000), &json!("fraudulent")));
        scene.world.refund(&scene.owner_now(), &payment, 1).refused(422, "amount_exceeds_refundable");

        let taken = scene.world.call(answer(&dispute, evidence, "a").by(&scene.owner_now())).ok(202);
        assert_eq!(taken.json["status"], "under_review");
        let again = scene.world.call(answer(&dispute, evidence, "a").by(&scene.owner_now())).ok(202);
        assert_eq!(again.body, taken.body);
        scene.world.call(answer(&dispute, evidence, "b").by(&scene.owner_now())).refused(409, "illegal_state");
        scene.world.run_until_quiet();
        assert_eq!(scene.world.show(&scene.owner_now(), &path)["status"], status);
        assert_eq!(balances(&scene), expected, "{status}");
        let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
        assert_eq!(shown["amount_disputed"], 1_000 - refundable);
        assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
        scene.comes_to_rest();
    }
}

#[test]
fn b12_the_events_of_a_dispute_tell_its_way() {
    let scene = Scene::new();
    let dispute = opened(&scene, &disputed(&scene));
    scene.world.call(answer(&dispute, "winning_evidence", "a").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(kinds_of_disputes(&scene), ["dispute.created", "dispute.answered", "dispute.won"]);
}

#[test]
fn b12_an_answer_that_the_provider_refuses_can_be_given_anew() {
    let scene = Scene::new();
    let dispute = opened(&scene, &disputed(&scene));
    let path = format!("/v1/disputes/{dispute}");
    scene.world.call(answer(&dispute, "refused_evidence", "a").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(scene.world.show(&scene.owner_now(), &path)["status"], "needs_response");
    assert!(scene.world.queues.dead_letters(Queue::Providers).is_empty(), "nobody has to look after it");
    scene.world.clock.advance(Duration::from_secs(1));
    scene.world.call(answer(&dispute, "winning_evidence", "b").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    let mut way = kinds_of_disputes(&scene);
    way.sort_by_key(Value::to_string);
    assert_eq!(way, ["dispute.answered", "dispute.answered", "dispute.created", "dispute.updated", "dispute.won"]);
    scene.comes_to_rest();
}

#[test]
fn b12_a_dispute_in_another_currency_books_nothing() {
    let scene = Scene::new();
    let payment = disputed(&scene);
    scene.world.provider.dispute_in(&format!("{payment}-1"), Currency::parse("USD").expect("a currency"));
    scene.world.call(tells(&scene, &payment, "evt_opened")).ok(200);
    scene.world.run_until_quiet();
    assert_eq!(scene.world.show(&scene.owner_now(), "/v1/disputes")["data"], json!([]));
    assert_eq!(balances(&scene), [1_000, 0, -1_000]);
    let letters = scene.world.queues.dead_letters(Queue::Providers);
    let reason = letters.first().and_then(|letter| letter.reason.clone()).expect("an operator has to look");
    assert!(reason.contains("USD") && reason.contains(&payment), "{reason}");
}

#[test]
fn b12_a_decision_that_nobody_told_of_is_asked_after() {
    let scene = Scene::new();
    let payment = disputed(&scene);
    let dispute = opened(&scene, &payment);
    scene.world.provider.decide_dispute(&format!("{payment}-1"), DisputeStatus::Lost);
    for _ in 0..3 {
        scene.world.clock.advance(Duration::from_secs(12 * 3_600));
        scene.world.minute();
    }
    scene.world.run_until_quiet();
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/disputes/{dispute}"))["status"], "lost");
    assert_eq!(balances(&scene), [0, 0, 0]);
    scene.comes_to_rest();
}

#[test]
fn l1_an_event_is_taken_in_once_however_often_it_is_told() {
    let scene = Scene::new();
    let payment = disputed(&scene);
    scene.world.call(tells(&scene, &payment, "evt_1")).ok(200);
    let again = scene.world.call(tells(&scene, &payment, "evt_1")).ok(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    scene.world.run_until_quiet();
    let received = scene.world.show(&scene.owner_now(), "/v1/events");
    let received = received["data"].as_array().expect("a list").clone();
    assert_eq!(received.iter().filter(|event| event["type"] == "provider.event_received").count(), 1);
    for event in ["evt_2", "evt_3"] {
        scene.world.call(tells(&scene, &payment, event)).ok(200);
    }
    scene.world.run_until_quiet();
    assert_eq!(kinds_of_disputes(&scene), ["dispute.created"], "told thrice, opened once");
    scene.comes_to_rest();
}

#[test]
fn l1_what_is_not_signed_or_too_old_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    let payment = disputed(&scene);
    let good = tells(&scene, &payment, "evt_1");
    scene.world.clock.advance(Duration::from_secs(301));
    scene.world.call(good.clone()).refused(400, "invalid_signature");
    let other_body = tells(&scene, &payment, "evt_1").json(&json!({ "id": "evt_1" }));
    scene.world.call(other_body).refused(400, "invalid_signature");
    scene.world.call(good.clone().header("sandbox-signature", "t=1,v1=00")).refused(400, "invalid_signature");
    let elsewhere = Ask::post("/v1/providers/nobody/events", &json!({}));
    scene.world.call(elsewhere).refused(404, "not_found");
    scene.world.run_until_quiet();
    assert_eq!(kinds_of_disputes(&scene), Vec::<Value>::new());
}

#[test]
fn l1_an_event_before_the_payment_is_settled_settles_it() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 1_000, "tok_dispute").id();
    // The worker has charged and dies; the provider tells of the charge before anybody asks.
    scene.world.faults.fail("commerce.commit", 1, Fault::TimedOutBefore);
    scene.world.settle();
    scene.world.call(tells(&scene, &payment, "evt_1")).ok(200);
    scene.world.settle();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    assert_eq!(balances(&scene), [0, 1_000, -1_000]);
    scene.comes_to_rest();
}

#[test]
fn l1_an_event_tells_of_the_customer_s_word() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 1_000, "tok_requires_action").id();
    scene.world.settle();
    assert!(scene.world.provider.authenticate(&format!("{payment}-1")));
    scene.world.call(tells(&scene, &payment, "evt_1")).ok(200);
    scene.world.settle();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded, "without a sweep");
    scene.comes_to_rest();
}

#[test]
fn b16_the_worker_and_events_of_the_provider_race_to_one_charge_and_one_dispute() {
    for seed in 0..80 {
        let scene = Scene::of(World::seeded(seed));
        let payment = scene.world.pay(scene.owner(), None, 1_000, "tok_dispute").id();
        assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
        for event in ["evt_1", "evt_2"] {
            scene.world.call(tells(&scene, &payment, event)).ok(200);
        }
        assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
        let batches = [(Queue::Payments, 1), (Queue::Providers, 1), (Queue::Providers, 1)]
            .map(|(queue, count)| (queue, scene.world.receive(queue, count)));
        let world = &scene.world;
        together(seed, batches.iter().map(|(queue, batch)| world.work_on(*queue, batch)));
        scene.comes_to_rest();
        assert_eq!(scene.charged(&payment), (1_000, 1), "seed {seed}");
        assert_eq!(kinds_of_disputes(&scene), ["dispute.created"], "seed {seed}");
    }
}

#[test]
fn l1_what_cannot_be_asked_after_when_it_is_told_is_asked_after_later() {
    let scene = Scene::new();
    let payment = disputed(&scene);
    scene.world.faults.fail("provider.find_disputes", 1, Fault::TimedOutBefore);
    opened(&scene, &payment);
    assert_eq!((kinds_of_disputes(&scene), balances(&scene)), (vec![json!("dispute.created")], [0, 1_000, -1_000]));
    scene.comes_to_rest();
}

#[test]
fn b12_an_answer_survives_whatever_fails_on_its_way() {
    for (call, fault) in [
        ("provider.answer_dispute", Fault::TimedOutAfter),
        ("provider.answer_dispute", Fault::Throttled),
        ("commerce.commit", Fault::TimedOutAfter),
        ("commerce.commit", Fault::Contended),
        ("disputes.get", Fault::Unavailable),
    ] {
        let scene = Scene::new();
        let dispute = opened(&scene, &disputed(&scene));
        scene.world.call(answer(&dispute, "losing_evidence", "a").by(&scene.owner_now())).ok(202);
        scene.world.faults.fail(call, 1, fault);
        scene.world.settle();
        scene.comes_to_rest();
        let shown = scene.world.show(&scene.owner_now(), &format!("/v1/disputes/{dispute}"));
        assert_eq!((&shown["status"], balances(&scene)), (&json!("lost"), [0, 0, 0]), "{call} {fault:?}");
    }
}
