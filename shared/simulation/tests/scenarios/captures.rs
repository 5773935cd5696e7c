//! B3, B4: payments that are captured by hand, in part, given up, or forgotten.

use std::time::Duration;

use coffer_simulation::{Ask, World, together};
use domain::event::{EventType, Queue};
use domain::payment::{CAPTURE_WITHIN, PaymentStatus};
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

const TOTAL: i64 = 1_000;

/// An authorised payment of an order of [`TOTAL`].
fn authorized(scene: &Scene) -> (String, String) {
    let order = scene.world.order(scene.owner(), TOTAL).id();
    let payment = scene.world.authorize_payment(scene.owner(), Some(&order), TOTAL, "tok_success").id();
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::RequiresCapture);
    (order, payment)
}

fn capture(payment: &str, amount: Option<i64>, key: &str) -> Ask {
    Ask::post(format!("/v1/payments/{payment}/capture"), &json!({ "amount": amount })).key(key)
}

fn cancel(payment: &str, key: &str) -> Ask {
    Ask::post(format!("/v1/payments/{payment}/cancel"), &json!({})).key(key)
}

fn charged(scene: &Scene, payment: &str) -> i64 {
    scene.world.provider.charged(payment.parse().expect("an id"))
}

fn of(scene: &Scene, path: &str, names: &[&str]) -> Vec<Value> {
    let shown = scene.world.show(&scene.owner_now(), path);
    names.iter().map(|name| shown[*name].clone()).collect()
}

#[test]
fn b3_nothing_is_taken_until_it_is_captured() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    assert_eq!(charged(&scene, &payment), 0);
    let path = format!("/v1/payments/{payment}");
    assert_eq!(of(&scene, &path, &["capture", "amount_captured"]), [json!("manual"), json!(0)]);
    assert_eq!(
        of(&scene, &format!("/v1/orders/{order}"), &["status", "outstanding_amount"]),
        [json!("open"), json!(TOTAL)]
    );

    let taken_in = scene.world.call(capture(&payment, None, "c").by(&scene.owner_now())).ok(202);
    assert_eq!((&taken_in.json["status"], charged(&scene, &payment)), (&json!("processing"), 0));
    assert_eq!(taken_in.header("location"), Some(format!("/api{path}").as_str()));
    scene.world.run_until_quiet();
    assert_eq!(of(&scene, &path, &["status", "amount_captured"]), [json!("succeeded"), json!(TOTAL)]);
    assert_eq!(of(&scene, &format!("/v1/orders/{order}"), &["status"]), [json!("paid")]);
    scene.comes_to_rest();
}

#[test]
fn b3_a_part_is_captured_and_the_rest_of_the_order_may_be_paid_by_another() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    let owner = scene.owner_now();
    let refused = scene.world.call(capture(&payment, Some(TOTAL + 1), "c").by(&owner));
    assert_eq!(refused.refused(422, "amount_exceeds_capturable").number("/capturable_amount"), Some(TOTAL));
    scene.world.call(capture(&payment, Some(0), "c").by(&owner)).refused(400, "invalid_fields");
    scene.world.call(capture(&payment, Some(400), "c").by(&owner)).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(charged(&scene, &payment), 400);
    let path = format!("/v1/orders/{order}");
    assert_eq!(
        of(&scene, &path, &["status", "amount_paid", "outstanding_amount"]),
        [json!("open"), json!(400), json!(600)]
    );
    scene.world.refund(&scene.owner_now(), &payment, 401).refused(422, "amount_exceeds_refundable");
    scene.world.pay(&scene.owner_now(), Some(&order), 600, "tok_success");
    scene.world.run_until_quiet();
    assert_eq!(of(&scene, &path, &["status"]), [json!("paid")]);
    scene.comes_to_rest();
}

#[test]
fn b4_an_authorised_payment_is_given_up_and_its_hold_with_it() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    scene.world.call(cancel(&payment, "v").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    let path = format!("/v1/payments/{payment}");
    assert_eq!(of(&scene, &path, &["status", "failure"]), [json!("cancelled"), Value::Null]);
    scene.world.call(capture(&payment, None, "c").by(&scene.owner_now())).refused(409, "illegal_state");
    scene.world.pay(&scene.owner_now(), Some(&order), TOTAL, "tok_success");
    scene.world.run_until_quiet();
    assert_eq!((charged(&scene, &payment), scene.world.provider.charges().len()), (0, 2));
    scene.comes_to_rest();
}

#[test]
fn b4_a_payment_that_waits_for_its_customer_is_given_up() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, TOTAL, "tok_requires_action").id();
    scene.world.settle();
    scene.world.call(cancel(&payment, "v").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Cancelled);
    scene.comes_to_rest();
}

#[test]
fn b4_nobody_captured_in_seven_days() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    scene.world.clock.advance(CAPTURE_WITHIN - Duration::from_secs(300));
    scene.world.minute();
    assert_eq!(scene.status_of(&payment), PaymentStatus::RequiresCapture);
    scene.world.clock.advance(Duration::from_secs(300));
    scene.world.minute();
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Cancelled);
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
    assert_eq!(shown["failure"]["code"], "authorization_expired");
    assert_eq!(of(&scene, &format!("/v1/orders/{order}"), &["outstanding_amount"]), [json!(TOTAL)]);
    scene.world.pay(&scene.owner_now(), Some(&order), TOTAL, "tok_success");
    scene.comes_to_rest();
}

#[test]
fn a1_a_repeated_capture_is_answered_as_the_first_and_takes_once() {
    let scene = Scene::new();
    let (_, payment) = authorized(&scene);
    let first = scene.world.call(capture(&payment, Some(400), "c").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    let again = scene.world.call(capture(&payment, Some(400), "c").by(&scene.owner_now())).ok(202);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&first.body, Some("true")));
    scene.world.call(capture(&payment, Some(500), "c").by(&scene.owner_now())).refused(422, "idempotency_key_reused");
    let without_key = Ask::post(format!("/v1/payments/{payment}/capture"), &json!({}));
    scene.world.call(without_key.by(&scene.owner_now())).refused(400, "idempotency_key_required");
    assert_eq!(charged(&scene, &payment), 400);
    scene.comes_to_rest();
}

#[test]
fn b16_captures_and_cancels_at_once_come_to_one_of_them() {
    for seed in 0..60 {
        let scene = Scene::of(World::seeded(seed));
        let (_, payment) = authorized(&scene);
        let owner = scene.owner_now();
        let asks = [capture(&payment, Some(400), "a"), capture(&payment, Some(700), "b"), cancel(&payment, "c")];
        let answers = together(seed, asks.into_iter().map(|ask| scene.world.calling(ask.by(&owner))));
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1, "seed {seed}");
        scene.comes_to_rest();
        let expected = match answers.iter().position(|answer| answer.status == 202) {
            Some(0) => (PaymentStatus::Succeeded, 400),
            Some(1) => (PaymentStatus::Succeeded, 700),
            _ => (PaymentStatus::Cancelled, 0),
        };
        assert_eq!((scene.status_of(&payment), charged(&scene, &payment)), expected, "seed {seed}");
    }
}

#[test]
fn b8_a_capture_without_an_answer_is_asked_after() {
    for (call, fault) in [
        ("provider.capture_charge", Fault::TimedOutAfter),
        ("provider.capture_charge", Fault::Throttled),
        ("provider.capture_charge", Fault::TimedOutBefore),
        ("commerce.commit", Fault::TimedOutAfter),
    ] {
        let scene = Scene::new();
        let (_, payment) = authorized(&scene);
        scene.world.call(capture(&payment, Some(400), "c").by(&scene.owner_now())).ok(202);
        scene.world.faults.fail(call, 1, fault);
        scene.world.settle();
        scene.world.run_until_quiet();
        assert_eq!(
            (scene.status_of(&payment), charged(&scene, &payment)),
            (PaymentStatus::Succeeded, 400),
            "{call} {fault:?}"
        );
        scene.comes_to_rest();
    }
}

#[test]
fn b3_a_capture_that_the_provider_refuses_can_be_asked_for_in_another_amount() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    let path = format!("/v1/payments/{payment}");
    scene.world.refusals.refuse_by_chance(1_000);
    scene.world.call(capture(&payment, Some(5), "c").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(of(&scene, &path, &["status", "amount_captured"]), [json!("requires_capture"), json!(0)]);
    assert_eq!(of(&scene, &path, &["failure"])[0]["code"], "invalid_amount");
    let events = scene.world.store.contents().events.into_iter();
    let held = events.filter(|event| event.kind == EventType::PaymentRequiresCapture).count();
    assert_eq!(held, 2, "with the charge, and when the capture was refused");
    assert!(scene.world.queues.dead_letters(Queue::Payments).is_empty(), "nobody has to look after it");

    scene.world.refusals.refuse_by_chance(0);
    scene.world.call(capture(&payment, None, "d").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(of(&scene, &path, &["status", "failure"]), [json!("succeeded"), Value::Null]);
    assert_eq!(of(&scene, &format!("/v1/orders/{order}"), &["status"]), [json!("paid")]);
    scene.comes_to_rest();
}

#[test]
fn b3_what_is_refused_and_not_asked_again_is_given_up_in_time() {
    let scene = Scene::new();
    let (order, payment) = authorized(&scene);
    scene.world.refusals.refuse_by_chance(1_000);
    scene.world.call(capture(&payment, Some(5), "c").by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    scene.world.clock.advance(CAPTURE_WITHIN);
    scene.world.minute();
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Cancelled);
    let names = ["status", "outstanding_amount"];
    assert_eq!(of(&scene, &format!("/v1/orders/{order}"), &names), [json!("open"), json!(TOTAL)]);
    scene.comes_to_rest();
}
