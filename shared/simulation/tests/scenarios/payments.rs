//! B: the way of a payment and of its refunds, by every token of the sandbox.

use std::time::Duration;

use app::sweep::Swept;
use coffer_simulation::{Ask, Consumer, TOKENS, World, together};
use domain::event::Queue;
use domain::payment::{ACTION_EXPIRES_AFTER, CHECK_AFTER, PaymentStatus};
use domain::refund::{ASK_EVERY, RefundStatus};
use memory::Fault;
use ports::clock::Clock as _;
use serde_json::json;

use super::Scene;

#[test]
fn b2_a_payment_is_accepted_settled_by_its_worker_and_told_by_an_event() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 900).id();
    let answer = scene.world.pay(scene.owner(), Some(&order), 900, "tok_success");
    let payment = answer.id();
    assert_eq!(answer.json["status"], "processing");
    assert_eq!(answer.header("location"), Some(format!("/api/v1/payments/{payment}").as_str()));
    assert!(scene.world.provider.charges().is_empty(), "nothing outside is called by a request");

    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
    let shown = scene.world.show(scene.owner(), &format!("/v1/payments/{payment}"));
    assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("succeeded"), &json!(900)));
    let shown = scene.world.show(scene.owner(), &format!("/v1/orders/{order}"));
    assert_eq!((&shown["status"], &shown["outstanding_amount"]), (&json!("paid"), &json!(0)));
    let events = scene.world.show(scene.owner(), "/v1/events");
    let kinds: Vec<&str> =
        events["data"].as_array().expect("a list").iter().filter_map(|event| event["type"].as_str()).collect();
    for kind in ["order.created", "payment.created", "payment.succeeded", "order.paid"] {
        assert_eq!(kinds.iter().filter(|present| **present == kind).count(), 1, "{kind} in {kinds:?}");
    }
    scene.comes_to_rest();
}

#[test]
fn b5_refunds_at_the_same_time_never_exceed_what_was_captured() {
    for seed in 0..40 {
        let scene = Scene::of(World::seeded(seed));
        let payment = scene.world.paid(scene.owner(), 1_000);
        let owner = scene.owner_now();
        let asks: Vec<_> = (0..5)
            .map(|n| {
                let body = json!({ "amount": 300 });
                Ask::post(format!("/v1/payments/{payment}/refunds"), &body).key(&format!("r{n}"))
            })
            .collect();
        let calls = asks.into_iter().map(|ask| scene.world.calling(ask.by(&owner)));
        let answers = together(seed, calls);
        let accepted = answers.iter().filter(|answer| answer.status == 202).count();
        assert_eq!(accepted, 3, "seed {seed}");
        for refused in answers.into_iter().filter(|answer| answer.status != 202) {
            assert_eq!(refused.refused(422, "amount_exceeds_refundable").number("/refundable_amount"), Some(100));
        }
        scene.comes_to_rest();
        assert_eq!(scene.world.provider.refunded(payment.parse().expect("an id")), 900, "seed {seed}");
    }
}

#[test]
fn b5_a_refused_refund_gives_its_part_back() {
    let scene = Scene::new();
    let payment = scene.world.paid(scene.owner(), 1_000);
    let owner = scene.owner_now();
    scene.world.refund(&owner, &payment, 1_001).refused(422, "amount_exceeds_refundable");
    scene.world.refund(&owner, &payment, 600).ok(202);
    scene.world.refund(&owner, &payment, 600).refused(422, "amount_exceeds_refundable");
    scene.world.refund(&owner, &payment, 400).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Refunded);
    scene.world.refund(&scene.owner_now(), &payment, 1).refused(409, "illegal_state");
    scene.comes_to_rest();
}

#[test]
fn b5_a_refund_that_the_provider_refuses_may_be_asked_for_again() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 1_000).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 1_000, "tok_success").id();
    scene.world.run_until_quiet();
    scene.world.refusals.refuse_by_chance(1_000);
    scene.world.refund(&scene.owner_now(), &payment, 1_000).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    let refunds = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}/refunds"));
    assert_eq!(
        (&refunds["data"][0]["status"], &refunds["data"][0]["failure"]["code"]),
        (&json!("failed"), &json!("declined"))
    );
    let merchant = scene.world.show(&scene.owner_now(), "/v1/accounts/acc_merchant_eur");
    assert_eq!((&merchant["posted_amount"], &merchant["pending_amount"]), (&json!(1_000), &json!(0)));

    scene.world.refusals.refuse_by_chance(0);
    scene.world.refund(&scene.owner_now(), &payment, 1_000).ok(202);
    scene.comes_to_rest();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Refunded);
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/orders/{order}"))["status"], "refunded");
}

#[test]
fn b8_a_charge_without_an_answer_is_one_charge_and_ended_by_the_sweeper() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_timeout").id();
    scene.world.settle();
    assert_eq!(scene.charged(&payment), (500, 1), "the provider has charged");
    let stored = scene.world.store.contents().payments.remove(0);
    assert!(stored.unknown_since.is_some(), "which nobody knows here");
    let shown = scene.world.show(scene.owner(), &format!("/v1/payments/{payment}"));
    assert_eq!(shown["status"], "processing");

    scene.world.sweep().expect("nothing fails");
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    assert_eq!(scene.charged(&payment), (500, 1));
    scene.comes_to_rest();
}

#[test]
fn b8_a_provider_that_times_out_before_or_after_charging_charges_once() {
    for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter] {
        for also_fails in ["provider.find_charge", "commerce.commit", "payments.get"] {
            let scene = Scene::new();
            let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
            scene.world.faults.fail("provider.charge", 1, fault);
            scene.world.faults.fail(also_fails, 1, Fault::TimedOutBefore);
            scene.comes_to_rest_unhealed();
            assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
            assert_eq!(scene.charged(&payment), (500, 1), "{fault:?}, {also_fails}");
        }
    }
}

#[test]
fn b11_every_token_ends_as_it_says() {
    for (token, decline) in TOKENS {
        let scene = Scene::new();
        let order = scene.world.order(scene.owner(), 500).id();
        let payment = scene.world.pay(scene.owner(), Some(&order), 500, token).id();
        scene.world.run_until_quiet();
        if token == "tok_requires_action" {
            assert_eq!(scene.status_of(&payment), PaymentStatus::RequiresAction);
            scene.world.clock.advance(ACTION_EXPIRES_AFTER);
            scene.world.minute();
        }
        scene.comes_to_rest();
        let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
        let order = scene.world.show(&scene.owner_now(), &format!("/v1/orders/{order}"));
        match decline {
            None => {
                assert_eq!((&shown["status"], &shown["failure"]), (&json!("succeeded"), &json!(null)), "{token}");
                assert_eq!(scene.charged(&payment), (500, 1), "{token}");
                assert_eq!(order["status"], "paid", "{token}");
            }
            Some(code) => {
                assert_eq!((&shown["status"], &shown["failure"]["code"]), (&json!("failed"), &json!(code)), "{token}");
                assert_eq!(scene.charged(&payment).0, 0, "{token}");
                assert_eq!((&order["status"], &order["outstanding_amount"]), (&json!("open"), &json!(500)), "{token}");
            }
        }
    }
}

#[test]
fn b11_a_customer_who_confirms_has_paid() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_requires_action").id();
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&payment), PaymentStatus::RequiresAction);
    assert!(scene.world.provider.authenticate(&format!("{payment}-1")));
    scene.world.clock.advance(CHECK_AFTER);
    scene.world.sweep().expect("nothing fails");
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    scene.comes_to_rest();
}

#[test]
fn b11_a_customer_who_confirms_in_the_last_moment_has_paid_too() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_requires_action").id();
    scene.world.run_until_quiet();
    scene.world.clock.advance(ACTION_EXPIRES_AFTER + Duration::from_secs(1));
    assert!(scene.world.provider.authenticate(&format!("{payment}-1")));
    scene.world.sweep().expect("nothing fails");
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    assert_eq!(scene.charged(&payment), (500, 1));
    scene.comes_to_rest();
}

impl Scene {
    /// To rest with what is still planned to fail.
    fn comes_to_rest_unhealed(&self) {
        self.world.run_until_quiet();
        self.comes_to_rest();
    }
}

/// The bank takes days: the message is done with, the amount stays reserved, and the sweeper asks until it is told.
#[test]
fn b5_a_refund_on_its_way_is_asked_after_until_it_is_decided() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    scene.world.run_until_quiet();
    scene.world.refusals.take_time(true);
    scene.world.refund(&scene.owner_now(), &payment, 200).ok(202);
    scene.world.settle();
    let refund = || scene.world.store.contents().refunds.remove(0);
    assert!(scene.world.queues.is_empty(Queue::Refunds) && scene.world.queues.dead_letters(Queue::Refunds).is_empty());
    for _ in 0..3 {
        scene.world.clock.advance(ASK_EVERY);
        assert_eq!(scene.world.sweep().expect("nothing fails"), Swept { done: 1, failed: 0 });
        assert_eq!(refund().status, RefundStatus::Processing);
        scene.world.refund(&scene.owner_now(), &payment, 301).refused(422, "amount_exceeds_refundable");
    }
    scene.world.refusals.take_time(false);
    scene.world.clock.advance(ASK_EVERY);
    scene.comes_to_rest();
    assert_eq!(
        (refund().status, scene.status_of(&payment)),
        (RefundStatus::Succeeded, PaymentStatus::PartiallyRefunded)
    );
}

/// The list and the event itself agree on when.
#[test]
fn an_event_is_gone_after_30_days_to_the_millisecond() {
    let scene = Scene::new();
    let made_at = scene.world.clock.now();
    scene.world.order(scene.owner(), 500);
    let seen = || {
        let list = scene.world.show(&scene.owner_now(), "/v1/events");
        list["data"].as_array().expect("a list").len()
    };
    let id = scene.world.show(scene.owner(), "/v1/events")["data"][0]["id"].as_str().expect("an id").to_owned();
    let found = || scene.world.call(Ask::get(format!("/v1/events/{id}")).by(&scene.owner_now())).status;
    scene.world.clock.set(made_at.plus(domain::event::KEPT_FOR).minus(Duration::from_millis(1)));
    assert_eq!((seen(), found()), (1, 200));
    scene.world.clock.advance(Duration::from_millis(1));
    assert_eq!((seen(), found()), (0, 404));
}
