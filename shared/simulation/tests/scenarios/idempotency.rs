//! A: a key's request is carried out once and answered the same for a day.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, World, caller};
use domain::access::Role;
use domain::idempotency::KEPT_FOR;
use domain::rate_limit::WRITES;
use memory::Fault;
use ports::clock::Clock as _;
use serde_json::json;

use super::Scene;

fn payment(amount: i64, key: &str) -> Ask {
    let method = json!({ "type": "card", "token": "tok_success" });
    Ask::post("/v1/payments", &json!({ "amount": amount, "currency": "EUR", "method": method })).key(key)
}

#[track_caller]
fn is_replay_of(again: &Answer, first: &Answer) {
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert!(again.is_replay() && !first.is_replay());
}

#[test]
fn a1_the_same_request_is_answered_the_same_to_the_byte() {
    let scene = Scene::new();
    let first = scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
    let at_once = scene.world.call(payment(500, "k").by(scene.owner()));
    is_replay_of(&at_once, &first);
    scene.world.run_until_quiet();
    let after_it_has_moved_on = scene.world.call(payment(500, "k").by(&scene.owner_now()));
    is_replay_of(&after_it_has_moved_on, &first);
    assert_eq!(first.header("location"), Some(format!("/api/v1/payments/{}", first.id()).as_str()));
    assert_eq!(scene.payment_count(), 1);
    scene.comes_to_rest();
}

#[test]
fn a1_a_step_and_a_refund_are_answered_again_though_the_state_refuses_them_now() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 700).id();
    let cancel = Ask::new("POST", format!("/v1/orders/{order}/cancel")).key("c").by(scene.owner());
    let first = scene.world.call(cancel.clone()).ok(200);
    is_replay_of(&scene.world.call(cancel), &first);

    let payment = scene.world.paid(scene.owner(), 500);
    let all = Ask::post(format!("/v1/payments/{payment}/refunds"), &json!({})).key("r");
    let first = scene.world.call(all.clone().by(&scene.owner_now())).ok(202);
    scene.world.run_until_quiet();
    is_replay_of(&scene.world.call(all.by(&scene.owner_now())), &first);
    scene.comes_to_rest();
}

#[test]
fn a1_requests_with_a_key_at_the_same_time_are_one() {
    for seed in 0..40 {
        let scene = Scene::of(World::seeded(seed));
        let calls = (0..4).map(|_| scene.world.calling(payment(500, "k").by(scene.owner())));
        let answers = coffer_simulation::together(seed, calls);
        let first = answers.iter().find(|answer| !answer.is_replay()).expect("one was the first");
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (202, &first.body), "seed {seed}");
        }
        assert_eq!(answers.iter().filter(|answer| answer.is_replay()).count(), 3, "seed {seed}");
        scene.comes_to_rest();
        assert_eq!(scene.payment_count(), 1, "seed {seed}");
    }
}

#[test]
fn a2_another_body_under_the_key_is_refused_and_does_nothing() {
    let scene = Scene::new();
    scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
    let before = scene.world.store.contents();
    scene.world.call(payment(501, "k").by(scene.owner())).refused(422, "idempotency_key_reused");
    assert_eq!(scene.world.store.contents(), before);
}

#[test]
fn a3_a_key_in_flight_is_409_with_retry_after_and_free_once_it_is_not() {
    let scene = Scene::new();
    scene.world.faults.fail_by_chance("commerce.commit", 1_000, Fault::Contended);
    let before = scene.world.store.contents();
    let answer = scene.world.call(payment(500, "k").by(scene.owner())).refused(409, "request_in_progress");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(scene.world.store.contents(), before);
    scene.world.faults.heal();
    scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
    scene.comes_to_rest();
}

#[test]
fn a3_a_short_contention_is_not_the_client_s_matter() {
    let scene = Scene::new();
    for nth in 1..=3 {
        scene.world.faults.fail("commerce.commit", nth, Fault::Contended);
    }
    scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
    scene.comes_to_rest();
}

#[test]
fn a4_money_does_not_move_without_a_key() {
    let scene = Scene::new();
    let succeeded = scene.world.paid(scene.owner(), 500);
    let before = scene.world.store.contents();
    let body = json!({ "amount": 1, "currency": "EUR", "method": { "type": "card", "token": "tok_success" } });
    let refund = Ask::post(format!("/v1/payments/{succeeded}/refunds"), &json!({}));
    for ask in [Ask::post("/v1/payments", &body), refund] {
        let answer = scene.world.call(ask.by(&scene.owner_now())).refused(400, "idempotency_key_required");
        assert!(answer.text("/detail").contains("Idempotency-Key"), "{}", answer.body);
    }
    assert_eq!(scene.world.store.contents(), before);
}

#[test]
fn a5_a_key_belongs_to_its_tenant_and_route_and_has_255_characters_at_most() {
    let scene = Scene::new();
    let stranger = scene.world.sign_up("coffee").owner.caller;
    let ours = scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
    let theirs = scene.world.call(payment(500, "k").by(&stranger)).ok(202);
    assert!(!theirs.is_replay() && theirs.id() != ours.id());

    let payments = [scene.world.paid(scene.owner(), 10), scene.world.paid(scene.owner(), 10)];
    let refunds = payments.map(|payment| {
        let ask = Ask::post(format!("/v1/payments/{payment}/refunds"), &json!({})).key("k");
        scene.world.call(ask.by(&scene.owner_now())).ok(202)
    });
    assert!(!refunds[0].is_replay() && !refunds[1].is_replay(), "a path with an id is a route of its own");

    scene.world.call(payment(500, &"k".repeat(255)).by(&scene.owner_now())).ok(202);
    let too_long = payment(500, &"k".repeat(256)).by(&scene.owner_now());
    scene.world.call(too_long).refused(400, "invalid_idempotency_key");
    scene.comes_to_rest();
}

#[test]
fn a6_a_key_is_kept_for_24_hours_by_the_clock_and_free_from_then_on() {
    assert_eq!(KEPT_FOR, Duration::from_secs(24 * 60 * 60));
    for the_table_has_deleted_it in [false, true] {
        let scene = Scene::new();
        let first = scene.world.call(payment(500, "k").by(scene.owner())).ok(202);
        scene.world.clock.advance(KEPT_FOR - Duration::from_millis(1));
        is_replay_of(&scene.world.call(payment(500, "k").by(&scene.owner_now())), &first);
        scene.world.call(payment(501, "k").by(&scene.owner_now())).refused(422, "idempotency_key_reused");

        scene.world.clock.advance(Duration::from_millis(1));
        if the_table_has_deleted_it {
            scene.world.store.delete_expired(scene.world.clock.now());
        }
        let another = scene.world.call(payment(501, "k").by(&scene.owner_now())).ok(202);
        assert!(!another.is_replay());
        assert_ne!(another.id(), first.id());
        scene.comes_to_rest();
        assert_eq!(scene.payment_count(), 2);
    }
}

#[test]
fn a7_a_refusal_is_not_stored_and_the_corrected_request_may_use_the_key() {
    let scene = Scene::new();
    let owner = scene.owner();
    let viewer = caller(&scene.world, owner.tenant, Role::Viewer);
    scene.world.call(payment(-5, "k").by(owner)).refused(400, "invalid_fields");
    scene.world.call(payment(500, "k")).refused(401, "unauthenticated");
    scene.world.call(payment(500, "k").by(&viewer)).refused(403, "forbidden");
    let eager = caller(&scene.world, owner.tenant, Role::Operator);
    for n in 0..WRITES.burst {
        scene.world.call(payment(1, &format!("eager-{n}")).by(&eager)).ok(202);
    }
    scene.world.call(payment(500, "k").by(&eager)).refused(429, "rate_limited");
    let done = scene.world.call(payment(500, "k").by(owner)).ok(202);
    assert!(!done.is_replay());
}

#[test]
fn a7_a_refusal_by_the_state_is_not_stored_either() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 500).id();
    let declined = scene.world.pay(scene.owner(), Some(&order), 500, "tok_declined_do_not_honor").id();
    let again = scene.world.payment(Some(&order), 500, "tok_success");
    scene.world.call(again.clone().by(scene.owner())).refused(422, "amount_exceeds_outstanding");
    scene.world.run_until_quiet();
    assert_eq!(scene.world.show(scene.owner(), &format!("/v1/payments/{declined}"))["status"], "failed");
    scene.world.call(again.by(scene.owner())).ok(202);
    scene.comes_to_rest();
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/orders/{order}"))["status"], "paid");
}

#[test]
fn a8_a_request_whose_commit_fails_before_or_after_taking_effect_is_carried_out_once() {
    for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Unavailable, Fault::Throttled] {
        let scene = Scene::new();
        scene.world.faults.fail("commerce.commit", 1, fault);
        let lost = scene.world.call(payment(500, "k").by(scene.owner())).refused(503, "unavailable");
        assert_eq!(lost.header("retry-after"), Some("1"), "{fault:?}");
        scene.world.run_until_quiet();
        let answer = scene.world.call(payment(500, "k").by(&scene.owner_now())).ok(202);
        assert_eq!(answer.is_replay(), fault == Fault::TimedOutAfter, "{fault:?}");
        scene.comes_to_rest();
        assert_eq!((scene.payment_count(), scene.charged(&answer.id())), (1, (500, 1)), "{fault:?}");
    }
}

#[test]
fn a9_the_provider_is_asked_with_a_key_of_payment_and_try() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_flaky").id();
    scene.world.run_until_quiet();
    let keys: Vec<String> = scene.world.provider.charges().into_keys().collect();
    assert_eq!(keys, [format!("{payment}-1")]);
}
