//! One harness for everything that does work: it fails at every call of a port in turn, before the call and after it, or the
//! instance dies there; then all goes on as it always does. Wherever it was, the world comes to the same state (A8, I6,
//! STYLE 27).

use coffer_simulation::{Ask, BATCH_MAX, Consumer, Furniture, Tasks, World, good_request, run, summary};
use domain::event::Queue;
use http_kit::{Access, Route, routes};
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

const FAULTS: [Fault; 4] = [Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Throttled, Fault::Contended];

/// Some work on a world that has been made ready for it.
struct Work {
    name: &'static str,
    ready: fn(&Scene),
    /// One invocation. What fails in it, fails silently: the next one comes.
    invoke: for<'a> fn(&'a World) -> Invocation<'a>,
}

type Invocation<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

fn payment_is_committed(scene: &Scene) {
    let order = scene.world.order(scene.owner(), 500).id();
    scene.world.pay(scene.owner(), Some(&order), 500, "tok_success");
}

fn payment_is_sent(scene: &Scene) {
    payment_is_committed(scene);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn declined_payment_is_sent(scene: &Scene) {
    let order = scene.world.order(scene.owner(), 500).id();
    scene.world.pay(scene.owner(), Some(&order), 500, "tok_declined_do_not_honor");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn unknown_payment_is_sent(scene: &Scene) {
    scene.world.pay(scene.owner(), None, 500, "tok_timeout");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn refund_is_sent(scene: &Scene) {
    let order = scene.world.order(scene.owner(), 500).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 500, "tok_success").id();
    scene.world.run_until_quiet();
    scene.world.refund(&scene.owner_now(), &payment, 500).ok(202);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

/// With a line by the provider's name, one by ours, one of nothing; a payment under way and one that no line names.
fn statement_is_sent(scene: &Scene) {
    let [named, own, _unnamed] = [500, 600, 700].map(|amount| scene.world.paid(scene.owner(), amount));
    let open = scene.world.authorize_payment(&scene.owner_now(), None, 800, "tok_success").id();
    scene.world.settle();
    let id = named.parse().expect("an id");
    let found = scene.world.store.contents().payments.into_iter().find(|payment| payment.id == id);
    let named = found.and_then(|payment| payment.provider_reference).expect("it has been charged");
    let names = [named.as_str(), own.as_str(), open.as_str(), "ch_unknown"];
    let lines = names.map(|name| json!({ "reference": name, "kind": "charge", "amount": 500, "currency": "EUR" }));
    scene.world.clock.advance(std::time::Duration::from_secs(1));
    scene.world.state(&scene.owner_now(), &lines);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn transactions_are_posted(scene: &Scene) {
    for amount in [500, 700] {
        scene.world.pay(scene.owner(), None, amount, "tok_success");
    }
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
}

/// One is in a block, so that the ledger is due; the stream has lost the other.
fn transactions_are_left_out(scene: &Scene) {
    scene.world.paid(scene.owner(), 300);
    scene.world.pay(&scene.owner_now(), None, 500, "tok_success");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
    drop(scene.world.take(Consumer::LedgerJournal));
    scene.world.clock.advance(std::time::Duration::from_secs(1_000));
}

fn refund_to_refuse_is_sent(scene: &Scene) {
    scene.world.refusals.refuse_by_chance(1_000);
    refund_is_sent(scene);
}

/// A wallet with 500 in it.
fn wallet(scene: &Scene) -> String {
    let wallet = scene.world.wallet(scene.owner(), "EUR");
    scene.world.top_up(scene.owner(), &wallet, 500, "tok_success");
    scene.world.run_until_quiet();
    wallet
}

fn wallet_payment_of(scene: &Scene, amount: i64) {
    let wallet = wallet(scene);
    let order = scene.world.order(&scene.owner_now(), amount).id();
    scene.world.call(scene.world.wallet_payment(&wallet, Some(&order), amount).by(&scene.owner_now())).ok(202);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn wallet_payment_is_sent(scene: &Scene) {
    wallet_payment_of(scene, 500);
}

fn too_large_wallet_payment_is_sent(scene: &Scene) {
    wallet_payment_of(scene, 501);
}

/// Two mails and two receipts wait.
fn news_are_sent(scene: &Scene) {
    refund_is_sent(scene);
    scene.world.work(Queue::Refunds);
    payment_is_sent(scene);
    scene.world.work(Queue::Payments);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

fn wallet_refund_is_sent(scene: &Scene) {
    let wallet = wallet(scene);
    let payment = scene.world.call(scene.world.wallet_payment(&wallet, None, 500).by(&scene.owner_now())).ok(202).id();
    scene.world.run_until_quiet();
    scene.world.refund(&scene.owner_now(), &payment, 500).ok(202);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
}

/// A lost stream, a payment that nobody knows the outcome of, a refund that no worker has seen.
fn the_sweeper_has_work(scene: &Scene) {
    unknown_payment_is_sent(scene);
    scene.world.settle();
    refund_is_sent(scene);
    drop(scene.world.receive(Queue::Refunds, BATCH_MAX));
    payment_is_committed(scene);
    drop(scene.world.take(Consumer::OutboxPublish));
    scene.world.clock.advance(std::time::Duration::from_secs(60));
}

fn work_on(world: &World, queue: Queue) -> Invocation<'_> {
    let batch = world.receive(queue, BATCH_MAX);
    Box::pin(async move { drop(world.work_on(queue, &batch).await) })
}

fn consume(world: &World, consumer: Consumer) -> Invocation<'_> {
    let batch = world.take(consumer);
    // Whatever becomes of this invocation, the stream gives the batch again: to the next one, should this one succeed.
    world.stream.borrow_mut().of(consumer).extend(batch.iter().cloned());
    Box::pin(async move { drop(world.consume(consumer, &batch).await) })
}

const WORKS: [Work; 16] = [
    Work { name: "payments-process", ready: payment_is_sent, invoke: |world| work_on(world, Queue::Payments) },
    Work { name: "a decline", ready: declined_payment_is_sent, invoke: |world| work_on(world, Queue::Payments) },
    Work { name: "a time-out", ready: unknown_payment_is_sent, invoke: |world| work_on(world, Queue::Payments) },
    Work { name: "refunds-process", ready: refund_is_sent, invoke: |world| work_on(world, Queue::Refunds) },
    Work { name: "a refusal", ready: refund_to_refuse_is_sent, invoke: |world| work_on(world, Queue::Refunds) },
    Work { name: "a wallet", ready: wallet_payment_is_sent, invoke: |world| work_on(world, Queue::Payments) },
    Work {
        name: "too small a wallet",
        ready: too_large_wallet_payment_is_sent,
        invoke: |world| work_on(world, Queue::Payments),
    },
    Work { name: "back to a wallet", ready: wallet_refund_is_sent, invoke: |world| work_on(world, Queue::Refunds) },
    Work { name: "statements-process", ready: statement_is_sent, invoke: |world| work_on(world, Queue::Statements) },
    Work { name: "receipts-render", ready: news_are_sent, invoke: |world| work_on(world, Queue::Receipts) },
    Work { name: "notifications-send", ready: news_are_sent, invoke: |world| work_on(world, Queue::Notifications) },
    Work {
        name: "outbox-publish",
        ready: payment_is_committed,
        invoke: |world| consume(world, Consumer::OutboxPublish),
    },
    Work { name: "cache-refresh", ready: payment_is_sent, invoke: |world| consume(world, Consumer::CacheRefresh) },
    Work {
        name: "ledger-journal",
        ready: transactions_are_posted,
        invoke: |world| consume(world, Consumer::LedgerJournal),
    },
    Work {
        name: "ledger-verify",
        ready: transactions_are_left_out,
        invoke: |world| Box::pin(async { drop(world.verify_step(&Value::Null).await) }),
    },
    Work {
        name: "payments-sweep",
        ready: the_sweeper_has_work,
        invoke: |world| Box::pin(async { drop(world.sweep_step().await) }),
    },
];

fn ready(work: &Work, world: World) -> Scene {
    let scene = Scene::of(world);
    (work.ready)(&scene);
    scene.world.faults.forget_calls();
    scene
}

#[test]
fn every_worker_may_fail_at_every_call() {
    for work in WORKS {
        let good = ready(&work, World::new());
        run((work.invoke)(&good.world));
        let calls = good.world.faults.total();
        good.comes_to_rest();
        let expected = summary(&good.world);
        assert!(calls > 0, "{} does nothing", work.name);
        for nth in 1..=calls {
            for fault in FAULTS {
                let scene = ready(&work, World::new());
                scene.world.faults.fail("", nth, fault);
                run((work.invoke)(&scene.world));
                scene.comes_to_rest();
                assert_eq!(summary(&scene.world), expected, "{}: {fault:?} at call {nth} of {calls}", work.name);
            }
        }
    }
}

#[test]
fn every_worker_may_die_anywhere() {
    for work in WORKS {
        let good = ready(&work, World::seeded(1));
        run((work.invoke)(&good.world));
        good.comes_to_rest();
        let expected = summary(&good.world);
        let mut has_survived = false;
        for polls in 0.. {
            if has_survived {
                break;
            }
            let scene = ready(&work, World::seeded(1));
            has_survived = !dies_after(polls, (work.invoke)(&scene.world));
            scene.comes_to_rest();
            assert_eq!(summary(&scene.world), expected, "{} died after {polls} polls", work.name);
        }
    }
}

/// Requests whose client may send them again: with a key, or such that doing them twice is doing them once.
fn may_be_sent_again(route: &&Route) -> bool {
    let takes_key = route.method == "POST" && route.access != Access::Public;
    takes_key || matches!(route.method, "PUT" | "PATCH" | "DELETE")
}

/// As its client goes on: again until it is told something final. `404` of what it has asked to be removed is that, too.
fn ask_until_answered(scene: &World, ask: &Ask) {
    for _ in 0..5 {
        let answer = scene.call(ask.clone());
        let of_items = answer.json["results"].as_array().into_iter().flatten().filter_map(|it| it["status"].as_u64());
        let is_unfinished = { of_items }.any(|status| matches!(status, 409 | 503));
        let is_final = (answer.is_success() && !is_unfinished) || answer.status == 404;
        if is_final {
            return;
        }
        assert!(is_unfinished || matches!(answer.status, 409 | 503), "{}", answer.body);
    }
    panic!("never answered");
}

#[test]
fn a8_every_request_may_fail_at_every_call_and_be_sent_again() {
    for route in routes::ALL.iter().filter(may_be_sent_again) {
        let furnished = || {
            let world = World::new();
            let furniture = Furniture::of(&world, "tea");
            let ask = good_request(route, &furniture).by(furniture.owner());
            world.faults.forget_calls();
            (world, ask)
        };
        let (good, ask) = furnished();
        assert!(good.call(ask).is_success(), "{}", route.function);
        let calls = good.faults.total();
        good.run_until_quiet();
        let expected = summary(&good);
        for nth in 1..=calls {
            for fault in FAULTS {
                let (world, ask) = furnished();
                world.faults.fail("", nth, fault);
                drop(world.call(ask.clone()));
                assert_eq!(world.faults.unspent(), [], "{}: planned, and never come by", route.function);
                ask_until_answered(&world, &ask);
                world.run_until_quiet();
                assert_eq!(
                    without_ids(summary(&world)),
                    without_ids(expected.clone()),
                    "{}: {fault:?} at call {nth}",
                    route.function
                );
            }
        }
    }
}

#[test]
fn a8_every_request_may_die_anywhere_and_be_sent_again() {
    for route in routes::ALL.iter().filter(may_be_sent_again) {
        let furnished = || {
            let world = World::seeded(1);
            let furniture = Furniture::of(&world, "tea");
            let ask = good_request(route, &furniture).by(furniture.owner());
            (world, ask)
        };
        let (good, ask) = furnished();
        assert!(good.call(ask).is_success(), "{}", route.function);
        good.run_until_quiet();
        let expected = without_ids(summary(&good));
        let mut has_survived = false;
        for polls in 0.. {
            if has_survived {
                break;
            }
            let (world, ask) = furnished();
            has_survived = !dies_after(polls, world.calling(ask.clone()));
            ask_until_answered(&world, &ask);
            world.run_until_quiet();
            assert_eq!(without_ids(summary(&world)), expected, "{} died after {polls} polls", route.function);
        }
    }
}

/// Says whether it had still something to do.
fn dies_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut instance = Tasks::default();
    instance.start((), future);
    for _ in 0..polls {
        if !instance.is_empty() {
            instance.poll(0);
        }
    }
    !instance.is_empty()
}

/// A request that failed before it took effect has used up ids: the second try makes others.
fn without_ids(summary: Vec<String>) -> Vec<String> {
    let is_id = |word: &str| word.split('_').skip(1).any(|rest| rest.trim_end_matches([':', ',']).len() >= 26);
    let words =
        |line: String| line.split([' ', '/', ':', '-']).filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = summary.into_iter().map(words).collect();
    lines.sort();
    lines
}
