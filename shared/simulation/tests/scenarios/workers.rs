//! I: a commit implies its job; a message may come twice, late or beside another; what fails waits, what cannot be done is
//! buried, and nobody waits for another's failure or flood.

use std::time::Duration;

use coffer_simulation::{Consumer, Fate, VISIBILITY, World, run, together};
use domain::backoff::RECEIVES_MAX;
use domain::event::{EventType, Notice, PUBLISH_AGAIN_AFTER, Queue};
use domain::payment::PaymentStatus;
use memory::Fault;
use ports::queues::Queues as _;

use super::Scene;

fn waiting_in_queues(scene: &Scene) -> usize {
    Queue::ALL.iter().map(|queue| scene.world.queues.len(*queue)).sum()
}

#[test]
fn i1_nothing_is_sent_unless_it_is_committed() {
    for fault in [Fault::TimedOutBefore, Fault::Unavailable, Fault::Throttled] {
        let scene = Scene::new();
        scene.world.faults.fail("commerce.commit", 1, fault);
        scene.world.call(scene.world.payment(None, 500, "tok_success").by(scene.owner())).ok(503);
        scene.world.settle();
        assert_eq!((waiting_in_queues(&scene), scene.payment_count()), (0, 0), "{fault:?}");
    }
}

#[test]
fn i1_what_is_committed_is_sent_though_the_request_and_the_stream_are_lost() {
    let scene = Scene::new();
    scene.world.faults.fail("commerce.commit", 1, Fault::TimedOutAfter);
    scene.world.call(scene.world.payment(None, 500, "tok_success").by(scene.owner())).ok(503);
    assert_eq!(waiting_in_queues(&scene), 0, "a request sends nothing itself");
    let lost = scene.world.take(Consumer::OutboxPublish);
    assert_eq!(lost.len(), 1);
    scene.world.clock.advance(PUBLISH_AGAIN_AFTER);
    scene.world.faults.fail("due.payments", 1, Fault::Unavailable);
    scene.world.sweep().expect_err("the payment itself is not asked after");
    assert_eq!(scene.world.queues.len(Queue::Payments), 1);
    scene.comes_to_rest();
    assert_eq!(scene.world.provider.charges().len(), 1);
}

#[test]
fn i1_a_batch_that_is_sent_and_not_marked_is_sent_again_and_does_no_harm() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    scene.world.faults.fail("queues.send", 1, Fault::TimedOutAfter);
    assert!(!scene.world.deliver(Consumer::OutboxPublish));
    scene.world.faults.fail("events.mark_published", 1, Fault::Unavailable);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    assert_eq!(scene.world.queues.len(Queue::Payments), 2);
    scene.comes_to_rest();
    assert_eq!(scene.charged(&payment), (500, 1));
}

#[test]
fn i3_a_failing_message_waits_longer_each_time_and_is_buried_after_the_last() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.faults.fail_by_chance("provider.charge", 1_000, Fault::Unavailable);
    for receive_count in 1..RECEIVES_MAX {
        assert_eq!(scene.world.work(Queue::Payments), [Fate::Again]);
        let ceiling = Duration::from_secs(1 << (receive_count - 1)).min(Duration::from_secs(900));
        scene.world.clock.advance(ceiling / 2 - Duration::from_millis(1));
        assert_eq!(scene.world.work(Queue::Payments), [], "receipt {receive_count} came back too early");
        scene.world.clock.advance(ceiling / 2 + Duration::from_millis(1));
    }
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Buried]);
    let letters = scene.world.queues.dead_letters(Queue::Payments);
    assert!(letters[0].reason.as_ref().is_some_and(|reason| reason.contains("the provider did not answer")));
    assert!(scene.world.queues.is_empty(Queue::Payments));

    scene.comes_to_rest();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded, "the sweeper ends what its queue gave up");
}

#[test]
fn i3_a_message_that_could_not_be_delayed_comes_back_when_its_time_out_ends() {
    let scene = Scene::new();
    scene.world.pay(scene.owner(), None, 500, "tok_success");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.faults.fail("provider.charge", 1, Fault::Unavailable);
    scene.world.faults.fail("redelivery.delay", 1, Fault::Unavailable);
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Again]);
    scene.world.clock.advance(VISIBILITY - Duration::from_millis(1));
    assert_eq!(scene.world.work(Queue::Payments), []);
    scene.world.clock.advance(Duration::from_millis(1));
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
    scene.comes_to_rest();
}

/// A message that no event of ours stands behind.
fn poison(scene: &Scene) -> Notice {
    Notice {
        event: scene.world.id(),
        tenant: scene.owner().tenant,
        kind: EventType::PaymentCreated,
        subject: "nothing of ours".to_owned(),
        trace: None,
    }
}

#[test]
fn i3_i5_poison_is_buried_with_its_reason_and_only_what_failed_comes_back() {
    let scene = Scene::new();
    let first = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    run(scene.world.queues.send(Queue::Payments, &[poison(&scene)])).expect("nothing fails");
    let second = scene.world.pay(scene.owner(), None, 600, "tok_success").id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));

    scene.world.faults.fail("provider.charge", 2, Fault::Unavailable);
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done, Fate::Buried, Fate::Again]);
    let letters = scene.world.queues.dead_letters(Queue::Payments);
    assert_eq!(letters[0].reason.as_deref(), Some("cannot be done: the message names no payment"));
    assert_eq!(
        (scene.status_of(&first), scene.status_of(&second)),
        (PaymentStatus::Succeeded, PaymentStatus::Processing)
    );
    scene.comes_to_rest();
    assert_eq!(scene.charged(&second), (600, 1));
}

#[test]
fn i6_a_worker_that_fails_after_the_provider_s_answer_is_finished_by_the_next() {
    for fault in [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Unavailable, Fault::Contended] {
        let scene = Scene::new();
        let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        scene.world.faults.fail("commerce.commit", 1, fault);
        scene.world.work(Queue::Payments);
        assert_eq!(scene.charged(&payment), (500, 1));
        scene.comes_to_rest();
        assert_eq!(
            (scene.status_of(&payment), scene.charged(&payment)),
            (PaymentStatus::Succeeded, (500, 1)),
            "{fault:?}"
        );
    }
}

#[test]
fn i6_a_message_that_comes_twice_or_late_has_one_effect() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    let records = scene.world.take(Consumer::OutboxPublish);
    for _ in 0..3 {
        run(scene.world.consume(Consumer::OutboxPublish, &records)).expect("nothing fails");
    }
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done; 3]);
    assert_eq!(scene.charged(&payment), (500, 1));

    scene.world.refund(scene.owner(), &payment, 200).ok(202);
    scene.world.settle();
    run(scene.world.consume(Consumer::OutboxPublish, &records)).expect("nothing fails");
    scene.world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
    scene.comes_to_rest();
    assert_eq!(scene.status_of(&payment), PaymentStatus::PartiallyRefunded);
}

#[test]
fn i6_two_workers_and_a_sweeper_on_one_payment_have_one_effect() {
    for seed in 0..60 {
        for token in ["tok_success", "tok_timeout", "tok_requires_action", "tok_declined_do_not_honor"] {
            let scene = Scene::of(World::seeded(seed));
            let order = scene.world.order(scene.owner(), 500).id();
            let payment = scene.world.pay(scene.owner(), Some(&order), 500, token).id();
            let records = scene.world.take(Consumer::OutboxPublish);
            run(scene.world.consume(Consumer::OutboxPublish, &records)).expect("nothing fails");
            run(scene.world.consume(Consumer::OutboxPublish, &records)).expect("nothing fails");
            scene.world.clock.advance(Duration::from_secs(60));
            let batches = [scene.world.receive(Queue::Payments, 1), scene.world.receive(Queue::Payments, 2)];
            let workers = batches.map(|batch| {
                let world = &scene.world;
                Box::pin(async move { drop(world.work_on(Queue::Payments, &batch).await) }) as Task<'_>
            });
            let sweep = || Box::pin(async { drop(scene.world.sweep_step().await) }) as Task<'_>;
            together(seed, workers.into_iter().chain([sweep(), sweep()]));
            scene.comes_to_rest();
            assert!(scene.charged(&payment).1 == 1, "seed {seed}, {token}");
        }
    }
}

type Task<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

/// They change the order at the same time; whoever was second reads again.
#[test]
fn c4_payments_of_one_order_are_settled_side_by_side_without_the_sweeper() {
    for seed in 0..60 {
        let scene = Scene::of(World::seeded(seed));
        let order = scene.world.order(scene.owner(), 900).id();
        let payments =
            [200, 300, 400].map(|amount| scene.world.pay(scene.owner(), Some(&order), amount, "tok_success").id());
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        let batches = payments.each_ref().map(|_| scene.world.receive(Queue::Payments, 1));
        let workers = batches.iter().map(|batch| scene.world.work_on(Queue::Payments, batch));
        assert_eq!(together(seed, workers), [[Fate::Done]; 3], "seed {seed}");
        for payment in &payments {
            assert_eq!(scene.status_of(payment), PaymentStatus::Succeeded, "seed {seed}");
        }
        assert_eq!(scene.world.show(scene.owner(), &format!("/v1/orders/{order}"))["status"], "paid");
        scene.comes_to_rest();
    }
}

#[test]
fn i6_a_refund_survives_the_same() {
    for seed in 0..60 {
        let scene = Scene::of(World::seeded(seed));
        let payment = scene.world.paid(scene.owner(), 1_000);
        scene.world.refund(&scene.owner_now(), &payment, 400).ok(202);
        let records = scene.world.take(Consumer::OutboxPublish);
        for _ in 0..2 {
            run(scene.world.consume(Consumer::OutboxPublish, &records)).expect("nothing fails");
        }
        scene.world.clock.advance(Duration::from_secs(60));
        let batches = [scene.world.receive(Queue::Refunds, 1), scene.world.receive(Queue::Refunds, 2)];
        let workers = batches.map(|batch| {
            let world = &scene.world;
            Box::pin(async move { drop(world.work_on(Queue::Refunds, &batch).await) }) as Task<'_>
        });
        let sweep = Box::pin(async { drop(scene.world.sweep_step().await) }) as Task<'_>;
        together(seed, workers.into_iter().chain([sweep]));
        scene.comes_to_rest();
        assert_eq!(scene.world.provider.refunded(payment.parse().expect("an id")), 400, "seed {seed}");
    }
}

#[test]
fn f3_a_payment_whose_message_is_lost_is_swept_beside_another_tenant_s_flood_of_them() {
    let scene = Scene::new();
    let noisy = scene.world.sign_up("noisy").owner.caller;
    for _ in 0..150 {
        scene.world.clock.advance(Duration::from_millis(150));
        scene.world.pay(&noisy, None, 500, "tok_success");
    }
    let quiet = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();
    drop(scene.world.take(Consumer::OutboxPublish));
    scene.world.clock.advance(PUBLISH_AGAIN_AFTER);
    scene.world.sweep().expect("nothing fails");
    assert_eq!(scene.charged(&quiet), (500, 1), "the newest of all");
    assert_eq!(scene.world.provider.charges().len(), 100, "as many as one run takes on");
}
