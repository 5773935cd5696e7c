//! L3: two events of a tenant at once. Whoever pushes the first one pushes the second as well, wherever it was when that came.

use coffer_simulation::{Consumer, Tasks, run};
use domain::event::{Notice, Queue};

use super::Scene;
use super::realtime::{events, open, order};

/// The notice of an order that was made just now.
fn told_of_an_order(scene: &Scene) -> Notice {
    order(scene);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    let [delivery] = &scene.world.receive(Queue::Realtime, 1)[..] else { panic!("one message") };
    delivery.notice.clone()
}

#[test]
fn l3_what_happens_while_another_event_is_pushed_does_not_wait_for_a_lease_to_end() {
    for point in 0.. {
        let scene = Scene::new();
        open(&scene, "s", &["orders"], None);
        scene.world.settle();
        let first = told_of_an_order(&scene);
        scene.world.faults.give_way_at_each_call();
        let mut pushing = Tasks::default();
        pushing.start((), scene.world.step(Queue::Realtime, &first));
        for _ in 0..point {
            if !pushing.is_empty() {
                pushing.poll(0);
            }
        }
        let has_ended = pushing.is_empty();
        let second = told_of_an_order(&scene);
        run(scene.world.step(Queue::Realtime, &second)).expect("nothing fails");
        while !pushing.is_empty() {
            pushing.poll(0);
        }
        assert_eq!(scene.world.heard_of("s"), events(&scene, "order."), "the second came after {point} calls");
        if has_ended {
            return assert!(point > 10, "{point} calls are no push");
        }
    }
}
