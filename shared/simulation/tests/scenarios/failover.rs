//! B9: a second provider for when the first cannot be reached. Whatever fails, whoever dies and however many work at once, a
//! payment is charged at one of them at most; `comes_to_rest` looks at both books.

use std::time::Duration;

use coffer_simulation::{BATCH_MAX, Consumer, Setup, Tasks, World, run, together};
use domain::connection::{COUNTS_AFTER, ProviderName};
use domain::event::Queue;
use domain::payment::{PaymentStatus, Route};
use memory::{Delivery, Fault, Faults};
use ports::provider::{ChargeName, PaymentProvider as _};

use super::Scene;

fn with_two(seed: u64, faults: Faults) -> Scene {
    let scene = Scene::of(World::of(Setup { seed, faults, ..Setup::default() }));
    scene.world.connect_second(scene.owner(), "second");
    scene.world.clock.advance(COUNTS_AFTER);
    scene
}

fn scene() -> Scene {
    with_two(1, Faults::none())
}

/// A payment of 500 and the worker's batch with it.
fn sent(scene: &Scene, token: &str) -> (String, Vec<Delivery>) {
    let payment = scene.world.pay(scene.owner(), None, 500, token).id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    (payment, scene.world.receive(Queue::Payments, BATCH_MAX))
}

/// What each of the two has taken.
fn taken(scene: &Scene, payment: &str) -> [i64; 2] {
    let id = payment.parse().expect("an id");
    [&scene.world.provider, &scene.world.second].map(|provider| provider.charged(id))
}

fn route(scene: &Scene, payment: &str) -> Route {
    let id = payment.parse().expect("an id");
    let found = scene.world.store.contents().payments.into_iter().find(|payment| payment.id == id);
    found.expect("the payment is there").route
}

#[test]
fn b9_a_first_that_cannot_be_reached_is_gone_around() {
    let scene = scene();
    scene.world.provider.set_away(true);
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    scene.world.settle();
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Succeeded, [0, 500]));
    assert_eq!(route(&scene, &payment), Route::Switched(ProviderName::Stripe));

    // What follows goes where the charge is, the first being back or not.
    scene.world.provider.set_away(false);
    scene.world.refund(scene.owner(), &payment, 200).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(scene.world.second.refunded(payment.parse().expect("an id")), 200);
    scene.comes_to_rest();
}

#[test]
fn b9_a_first_that_answers_keeps_the_payment() {
    for token in ["tok_success", "tok_timeout", "tok_flaky", "tok_requires_action", "tok_declined_do_not_honor"] {
        let scene = scene();
        let payment = scene.world.pay(scene.owner(), None, 500, token).id();
        scene.world.run_until_quiet();
        assert_eq!(route(&scene, &payment), Route::Claimed(ProviderName::Sandbox), "{token}");
        assert!(scene.world.second.charges().is_empty(), "{token}");
        scene.comes_to_rest();
    }
}

/// What is broken may have charged, and what timed out may have.
#[test]
fn b9_what_may_have_been_sent_stays_with_the_first() {
    for fault in [Fault::Unavailable, Fault::Throttled, Fault::TimedOutBefore, Fault::TimedOutAfter] {
        let scene = scene();
        scene.world.faults.fail("provider.charge", 1, fault);
        let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
        scene.world.settle();
        scene.world.provider.set_away(true);
        for _ in 0..5 {
            scene.world.minute();
            scene.world.settle();
        }
        assert!(scene.world.second.charges().is_empty(), "{fault:?}");
        scene.world.provider.set_away(false);
        scene.comes_to_rest();
        assert_eq!(
            (scene.status_of(&payment), taken(&scene, &payment)),
            (PaymentStatus::Succeeded, [500, 0]),
            "{fault:?}"
        );
    }
}

/// A second switch would be a third try: the payment waits for the second then.
#[test]
fn b9_with_both_away_the_payment_waits_for_the_second() {
    let scene = scene();
    scene.world.provider.set_away(true);
    scene.world.second.set_away(true);
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    scene.world.settle();
    scene.world.provider.set_away(false);
    scene.world.minute();
    scene.world.settle();
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Processing, [0, 0]));
    scene.world.second.set_away(false);
    scene.comes_to_rest();
    assert_eq!(taken(&scene, &payment), [0, 500]);
}

/// The message is lost with everything that was to come of it: the sweeper may switch as the worker may.
#[test]
fn b9_the_sweeper_switches_what_nobody_has_sent() {
    let scene = scene();
    let (payment, batch) = sent(&scene, "tok_success");
    for delivery in &batch {
        scene.world.queues.delete(&delivery.message);
    }
    scene.world.provider.set_away(true);
    scene.world.clock.advance(Duration::from_secs(60));
    scene.world.minute();
    assert_eq!(taken(&scene, &payment), [0, 500]);
    scene.comes_to_rest();
}

/// Whoever comes second cannot know whether the first claimant has sent, and takes the right to switch from it.
#[test]
fn b9_two_workers_at_once_with_a_first_that_comes_and_goes() {
    let mut ends = [0, 0];
    for seed in 0..300 {
        let scene = with_two(seed, Faults::seeded(seed));
        let (payment, batch) = sent(&scene, "tok_success");
        let notice = &batch[0].notice;
        let world = &scene.world;
        let mut random = fastrand::Rng::with_seed(seed);
        world.provider.set_away(true);
        let comes_back = async {
            for _ in 0..random.u8(..12) {
                // A turn for the others.
                drop(world.second.find_charge(&ChargeName { key: "none".to_owned(), reference: None }).await);
            }
            world.provider.set_away(false);
            Ok(())
        };
        let workers = [0, 1, 2].map(|_| world.step(Queue::Payments, notice));
        let [first, second, third] = workers;
        let tasks: [std::pin::Pin<Box<dyn Future<Output = _>>>; 4] =
            [Box::pin(first), Box::pin(second), Box::pin(third), Box::pin(comes_back)];
        drop(together(seed, tasks));
        scene.comes_to_rest();
        let taken = taken(&scene, &payment);
        assert!(taken == [500, 0] || taken == [0, 500], "seed {seed}: {taken:?}");
        ends[usize::from(taken[1] > 0)] += 1;
    }
    assert!(ends[0] > 0 && ends[1] > 0, "both ways are to be seen: {ends:?}");
}

/// A worker dies anywhere, with the first away and back later; the message comes again.
#[test]
fn b9_a_worker_may_die_between_any_two_calls() {
    for comes_back in [false, true] {
        for polls in 0..40 {
            let scene = with_two(1, Faults::seeded(1));
            let (payment, batch) = sent(&scene, "tok_success");
            scene.world.provider.set_away(true);
            let mut instance = Tasks::default();
            instance.start((), scene.world.work_on(Queue::Payments, &batch));
            for _ in 0..polls {
                if !instance.is_empty() {
                    instance.poll(0);
                }
            }
            drop(instance);
            scene.world.provider.set_away(!comes_back);
            for _ in 0..5 {
                scene.world.settle();
                scene.world.minute();
            }
            let early = taken(&scene, &payment);
            scene.world.provider.set_away(false);
            scene.comes_to_rest();
            let late = taken(&scene, &payment);
            assert!(late == [500, 0] || late == [0, 500], "after {polls} polls: {late:?}");
            assert!(early == [0, 0] || early == late, "after {polls} polls: {early:?}, then {late:?}");
        }
    }
}

/// Every call of the worker's fails in turn, before and after it took effect.
#[test]
fn b9_a_worker_may_fail_at_every_call() {
    for is_away in [true, false] {
        let good = scene();
        let (_, batch) = sent(&good, "tok_success");
        good.world.provider.set_away(is_away);
        good.world.faults.forget_calls();
        run(good.world.work_on(Queue::Payments, &batch));
        for nth in 1..=good.world.faults.total() {
            for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Throttled, Fault::Contended] {
                let scene = scene();
                let (payment, batch) = sent(&scene, "tok_success");
                scene.world.provider.set_away(is_away);
                scene.world.faults.forget_calls();
                scene.world.faults.fail("", nth, fault);
                run(scene.world.work_on(Queue::Payments, &batch));
                scene.world.provider.set_away(false);
                scene.comes_to_rest();
                let taken = taken(&scene, &payment);
                assert!(taken == [500, 0] || taken == [0, 500], "{fault:?} at call {nth}: {taken:?}");
            }
        }
    }
}

/// Many payments, chance in everything, and a first that flickers.
#[test]
fn b9_under_chance_no_payment_is_charged_at_both() {
    for seed in 0..40 {
        let scene = with_two(seed, Faults::seeded(seed));
        let mut random = fastrand::Rng::with_seed(seed);
        for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Unavailable, Fault::Contended] {
            scene.world.faults.fail_by_chance("provider.", 60, fault);
            scene.world.faults.fail_by_chance("commerce.commit", 60, fault);
        }
        for _ in 0..12 {
            let token = ["tok_success", "tok_timeout", "tok_flaky", "tok_dispute"][random.usize(..4)];
            drop(scene.world.call(scene.world.payment(None, 500, token).by(&scene.owner_now())));
            scene.world.provider.set_away(random.bool());
            scene.world.settle();
            if random.bool() {
                scene.world.minute();
            }
        }
        scene.world.provider.set_away(false);
        scene.comes_to_rest();
    }
}

/// One commit more than without a second: the claim.
#[test]
fn b9_a_payment_that_may_switch_costs_its_claim() {
    let scene = scene();
    let (_, batch) = sent(&scene, "tok_success");
    scene.world.faults.forget_calls();
    run(scene.world.work_on(Queue::Payments, &batch));
    let tally = scene.world.faults.tally();
    let count = |operation: &str| tally.get(operation).copied().unwrap_or(0);
    assert_eq!((count("payments.get"), count("provider.charge"), count("commerce.commit")), (1, 1, 2), "{tally:?}");
}
