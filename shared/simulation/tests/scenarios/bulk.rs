//! B18: many payments in one call, each by itself.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, caller};
use domain::access::Role;
use domain::ids::TenantId;
use domain::rate_limit::WRITES;
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

fn payment(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR", "method": { "type": "card", "token": "tok_success" } })
}

fn bulk(payments: &[Value], key: &str) -> Ask {
    Ask::post("/v1/payments/bulk", &json!({ "payments": payments })).key(key)
}

/// The status of each result.
fn statuses(answer: &Answer) -> Vec<u64> {
    let results = answer.json["results"].as_array().expect("results");
    results.iter().map(|result| result["status"].as_u64().expect("a status")).collect()
}

#[test]
fn b18_good_payments_are_taken_in_and_faulty_ones_told_apart_in_order() {
    let scene = Scene::new();
    let stranger = caller(&scene.world, scene.world.id::<TenantId>(), Role::Owner);
    let order = scene.world.order(scene.owner(), 500).id();
    let mut of_order = payment(500);
    of_order["order_id"] = json!(order);
    let mut of_stranger = payment(5);
    of_stranger["order_id"] = json!(scene.world.order(&stranger, 5).id());
    let items = [payment(100), payment(0), of_order.clone(), of_stranger, of_order, json!(7), payment(200)];
    let answer = scene.world.call(bulk(&items, "b").by(scene.owner())).ok(200);
    assert_eq!(statuses(&answer), [202, 400, 202, 404, 422, 400, 202]);
    let told = |pointer: &str| answer.json.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(told("/results/1/problem/errors/0/pointer"), "/payments/1/amount");
    assert_eq!(told("/results/4/problem/code"), "amount_exceeds_outstanding");
    assert_eq!(
        (told("/results/6/payment/amount"), told("/results/6/payment/status")),
        (json!(200), json!("processing"))
    );
    assert_eq!(scene.payment_count(), 3);
    scene.comes_to_rest();
    for index in [0, 2, 6] {
        let id = answer.text(&format!("/results/{index}/payment/id"));
        assert_eq!(scene.charged(&id).1, 1);
    }
}

#[test]
fn b18_a_body_that_is_no_list_is_refused_as_a_whole() {
    let scene = Scene::new();
    let too_many = vec![payment(1); 101];
    for payments in [json!([]), json!({}), Value::Null, json!(too_many)] {
        let ask = Ask::post("/v1/payments/bulk", &json!({ "payments": payments })).key("b");
        scene.world.call(ask.by(scene.owner())).refused(400, "invalid_fields");
    }
    let extra = Ask::post("/v1/payments/bulk", &json!({ "payments": [payment(1)], "more": 1 })).key("b");
    scene.world.call(extra.by(scene.owner())).refused(400, "invalid_fields");
    let without_key = Ask::post("/v1/payments/bulk", &json!({ "payments": [payment(1)] }));
    scene.world.call(without_key.by(scene.owner())).refused(400, "idempotency_key_required");
    assert_eq!(scene.payment_count(), 0);
    scene.world.call(bulk(&[payment(1)], "b").by(scene.owner())).ok(200);
}

#[test]
fn a1_a2_a_repeated_bulk_is_answered_as_the_first_and_another_body_refused() {
    let scene = Scene::new();
    let items = [payment(100), payment(200)];
    let first = scene.world.call(bulk(&items, "b").by(scene.owner())).ok(200);
    let again = scene.world.call(bulk(&items, "b").by(scene.owner())).ok(200);
    assert_eq!((&again.body, again.is_replay(), first.is_replay()), (&first.body, true, false));
    for other in [vec![payment(100)], vec![payment(100), payment(200), payment(300)], vec![payment(200), payment(100)]]
    {
        scene.world.call(bulk(&other, "b").by(scene.owner())).refused(422, "idempotency_key_reused");
    }
    assert_eq!(scene.payment_count(), 2);
    // The key of a bulk is another than the same key of a payment.
    scene.world.call(Ask::post("/v1/payments", &payment(100)).key("b").by(scene.owner())).ok(202);
    scene.comes_to_rest();
}

#[test]
fn a2_a_key_is_bound_to_its_body_though_nothing_was_taken_in() {
    let scene = Scene::new();
    let first = scene.world.call(bulk(&[payment(0)], "b").by(scene.owner())).ok(200);
    assert_eq!((statuses(&first), first.is_replay()), (vec![400], false));
    scene.world.call(bulk(&[payment(1)], "b").by(scene.owner())).refused(422, "idempotency_key_reused");
    assert_eq!(scene.payment_count(), 0);
}

#[test]
fn a8_what_failed_half_way_is_completed_by_the_same_call() {
    for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Throttled] {
        let scene = Scene::new();
        let items: Vec<Value> = (1..=20).map(payment).collect();
        // The first commit binds the key.
        scene.world.faults.fail("commerce.commit", 8, fault);
        let first = scene.world.call(bulk(&items, "b").by(scene.owner())).ok(200);
        assert_eq!(statuses(&first).iter().filter(|status| **status == 503).count(), 1, "{fault:?}");
        scene.world.clock.advance(Duration::from_secs(10));
        let again = scene.world.call(bulk(&items, "b").by(scene.owner())).ok(200);
        assert_eq!(statuses(&again), vec![202; 20], "{fault:?}");
        assert_eq!(again.is_replay(), fault == Fault::TimedOutAfter, "{fault:?}");
        assert_eq!(scene.payment_count(), 20, "{fault:?}");
        scene.comes_to_rest();
    }
}

#[test]
fn g1_a_bulk_counts_for_each_of_its_payments() {
    let scene = Scene::new();
    let eager = caller(&scene.world, scene.owner().tenant, Role::Operator);
    let first = scene.world.call(bulk(&vec![payment(1); 60], "a").by(&eager)).ok(200);
    assert_eq!(first.header("ratelimit"), Some("\"write\";r=40;t=6"));
    let refused = scene.world.call(bulk(&vec![payment(1); 60], "b").by(&eager)).refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("2"));
    scene.world.call(bulk(&vec![payment(1); 40], "c").by(&eager)).ok(200);
    scene.world.clock.advance(Duration::from_secs(10));
    let all = usize::try_from(WRITES.burst).expect("small");
    scene.world.call(bulk(&vec![payment(1); all], "d").by(&eager)).ok(200);
    assert_eq!(scene.payment_count(), 200);
}
