//! J4: the receipt of a payment, its link, and that a document never changes.

use coffer_simulation::{Consumer, Fate, run, together};
use domain::event::Queue;
use ports::blobs::BlobKey;

use super::Scene;

fn receipts(scene: &Scene) -> Vec<BlobKey> {
    scene.world.blobs.keys().into_iter().filter(|key| key.to_string().starts_with("receipts/")).collect()
}

fn receipt(scene: &Scene, payment: &str) -> coffer_simulation::Answer {
    let ask = coffer_simulation::Ask::get(format!("/v1/payments/{payment}/receipt"));
    scene.world.call(ask.by(&scene.owner_now()))
}

#[test]
fn a_receipt_is_made_and_then_found_by_a_link() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 700).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 700, "tok_success").id();
    receipt(&scene, &payment).refused(409, "illegal_state");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
    let waiting = receipt(&scene, &payment).ok(202);
    assert_eq!((waiting.header("retry-after"), waiting.text("/status").as_str()), (Some("2"), "processing"));

    scene.comes_to_rest();
    let found = receipt(&scene, &payment).ok(303);
    assert!(found.header("location").is_some_and(|link| link.contains(&format!("{payment}-0"))));
    assert_eq!(receipts(&scene).len(), 1);

    scene.world.refund(&scene.owner_now(), &payment, 300).ok(202);
    scene.comes_to_rest();
    let found = receipt(&scene, &payment).ok(303);
    assert!(found.header("location").is_some_and(|link| link.contains(&format!("{payment}-300"))));
    assert_eq!(receipts(&scene).len(), 2, "the first is as it was");
}

#[test]
fn what_has_not_succeeded_has_none() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 700, "tok_declined_expired_card").id();
    scene.comes_to_rest();
    receipt(&scene, &payment).refused(409, "illegal_state");
    receipt(&scene, "pay_00000000000000000000000001").refused(404, "not_found");
    assert_eq!(receipts(&scene), []);
}

#[test]
fn workers_side_by_side_and_late_write_the_same_bytes() {
    for seed in 0..40 {
        let scene = Scene::of(coffer_simulation::World::seeded(seed));
        let payment = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        let [delivery] = scene.world.receive(Queue::Receipts, 1).try_into().expect("one message");
        run(scene.world.step(Queue::Receipts, &delivery.notice)).expect("nothing fails");
        let [key] = receipts(&scene).try_into().expect("one receipt");
        let first = scene.world.blobs.bytes_of(key);
        scene.world.clock.advance(std::time::Duration::from_secs(86_400));
        run(ports::blobs::Blobs::delete(scene.world.blobs.as_ref(), key)).expect("nothing fails");
        for result in together(seed, (0..2).map(|_| scene.world.step(Queue::Receipts, &delivery.notice))) {
            result.expect("nothing fails");
        }
        assert_eq!(scene.world.blobs.bytes_of(key), first, "seed {seed}, {payment}");
        scene.comes_to_rest();
    }
}
