//! Every function run twice has one effect (STYLE 27). For the routes that is: the same request again leaves the state as it
//! is; a route that does not say so stands in `MAKES_ANOTHER` with the reason.

use coffer_simulation::{Ask, Consumer, Furniture, World, good_request, run, summary, together};
use domain::event::{PUBLISH_AGAIN_AFTER, Queue};
use http_kit::routes;
use serde_json::json;

use super::Scene;

/// This list only shrinks.
const MAKES_ANOTHER: [(&str, &str); 3] = [
    ("tenants-create", "takes no Idempotency-Key yet: each sign-up is another tenant"),
    ("sessions-create", "each log-in is a session of its own"),
    ("sessions-refresh", "a refresh token is good once: its second use ends the session"),
];

#[test]
fn every_route_called_twice_has_one_effect() {
    for route in routes::ALL {
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        let call = || world.call(good_request(route, &furniture).by(furniture.owner()));
        assert!(call().is_success(), "{}", route.function);
        let once = summary(&world);
        call();
        let has_one_effect = summary(&world) == once;
        let is_excused = MAKES_ANOTHER.iter().any(|(function, _)| *function == route.function);
        assert_eq!(has_one_effect, !is_excused, "{}: see MAKES_ANOTHER", route.function);
    }
}

#[test]
fn a_stream_consumer_given_everything_twice_does_it_once() {
    for consumer in Consumer::ALL {
        let scene = Scene::new();
        let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
        let records = scene.world.take(consumer);
        for _ in 0..2 {
            run(scene.world.consume(consumer, &records)).expect("nothing fails");
        }
        scene.comes_to_rest();
        assert_eq!(scene.charged(&payment), (500, 1), "{consumer:?}");
    }
}

#[test]
fn a_worker_s_step_run_twice_does_it_once() {
    for queue in Queue::ALL {
        let scene = Scene::new();
        let payment = scene.world.pay(scene.owner(), None, 500, "tok_dispute").id();
        scene.world.run_until_quiet();
        match queue {
            Queue::Payments => drop(scene.world.pay(&scene.owner_now(), None, 700, "tok_success")),
            Queue::Webhooks => {
                scene.world.endpoint(&scene.owner_now(), "https://hooks.example/", &json!({}));
                drop(scene.world.order(&scene.owner_now(), 700));
            }
            Queue::Realtime => {
                run(scene.world.open_socket("s", scene.owner_now()));
                scene.world.say("s", &json!({ "action": "subscribe", "topics": ["orders"] }));
                scene.world.settle();
                drop(scene.world.order(&scene.owner_now(), 700));
            }
            Queue::Refunds => drop(scene.world.refund(&scene.owner_now(), &payment, 200).ok(202)),
            Queue::Statements => {
                let line = serde_json::json!({
                    "reference": payment, "kind": "charge", "amount": 499, "currency": "EUR",
                });
                drop(scene.world.state(&scene.owner_now(), &[line]));
            }
            Queue::Receipts | Queue::Notifications => {
                let order = scene.world.order(&scene.owner_now(), 700).id();
                drop(scene.world.pay(&scene.owner_now(), Some(&order), 700, "tok_success"));
                assert!(scene.world.deliver(Consumer::OutboxPublish));
                scene.world.work(Queue::Payments);
            }
            Queue::Files => {
                let file = scene.world.file(&scene.owner_now(), "good.csv").id();
                scene.world.run_until_quiet();
                scene.world.call(Ask::delete(format!("/v1/files/{file}")).by(&scene.owner_now())).ok(204);
            }
            Queue::Jobs => drop(scene.world.report(&scene.owner_now(), "payments")),
            Queue::Providers => {
                drop(scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &payment, "evt_1")).ok(200));
            }
        }
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        let [delivery] = scene.world.receive(queue, 1).try_into().expect("one message");
        run(scene.world.step(queue, &delivery.notice)).expect("nothing fails");
        let once = (summary(&scene.world), scene.world.heard("s"));
        run(scene.world.step(queue, &delivery.notice)).expect("done already");
        assert_eq!((summary(&scene.world), scene.world.heard("s")), once, "{queue:?}");
    }
}

#[test]
fn a_sweep_run_twice_does_it_once() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_timeout").id();
    scene.world.settle();
    scene.world.sweep().expect("nothing fails");
    let once = summary(&scene.world);
    scene.world.sweep().expect("nothing fails");
    assert_eq!(summary(&scene.world), once);
    assert_eq!(scene.charged(&payment), (500, 1));
    scene.comes_to_rest();
}

/// Work of every kind that a sweeper does: what is left of it is the same, whether one sweeper ran or several at once.
#[test]
fn h6_two_sweepers_at_once_do_everything_once() {
    let swept_by = |seed: u64, sweepers: usize| {
        let scene = Scene::of(World::seeded(seed));
        let refunded = scene.world.paid(scene.owner(), 900);
        let unknown = scene.world.pay(scene.owner(), None, 500, "tok_timeout").id();
        scene.world.settle();
        scene.world.refund(scene.owner(), &refunded, 200).ok(202);
        let unheard = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
        // No queue hears of the last two but through a sweeper.
        drop(scene.world.take(Consumer::OutboxPublish));
        scene.world.clock.advance(PUBLISH_AGAIN_AFTER);
        for swept in together(seed, (0..sweepers).map(|_| scene.world.sweep_step())) {
            swept.expect("nothing fails");
        }
        scene.comes_to_rest();
        assert_eq!([&unknown, &unheard].map(|payment| scene.charged(payment)), [(500, 1), (700, 1)], "seed {seed}");
        assert_eq!(scene.world.provider.refunded(refunded.parse().expect("an id")), 200, "seed {seed}");
        let entries: usize = scene.world.store.contents().transactions.iter().map(|it| it.entries().len()).sum();
        (entries, scene.world.provider.refunds().len(), summary(&scene.world).len())
    };
    for seed in 0..60 {
        assert_eq!(swept_by(seed, 2), swept_by(seed, 1), "seed {seed}");
    }
}
