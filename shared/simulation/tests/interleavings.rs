//! Every interleaving of a few instances at one payment, call of a port by call of a port, with up to so many preemptions
//! (an instance that could go on has to let another). It is the real code that runs, once for each schedule. Most faults of
//! concurrency show with two preemptions (Musuvathi and Qadeer, "Iterative context bounding for systematic testing of
//! multithreaded programs", PLDI 2007): `COFFER_PREEMPTIONS=2` takes minutes; every test run takes one.

use std::time::Duration;

use coffer_simulation::{Ask, BATCH_MAX, Consumer, Shop, Tasks, World, invariants};
use domain::access::Caller;
use domain::event::{Notice, Queue};
use domain::payment::{CAPTURE_WITHIN, CHECK_AFTER, PaymentStatus};
use ports::clock::Clock as _;
use serde_json::json;

fn preemptions_max() -> usize {
    std::env::var("COFFER_PREEMPTIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A world in which instances are about to begin.
struct Stage {
    world: World,
    payment: String,
    /// One worker each.
    work: Vec<(Queue, Notice)>,
    sweeps: usize,
}

/// What a schedule was made of: at each point which instance went on, and which others could have.
#[derive(Debug, Clone)]
struct Point {
    chosen: usize,
    others: Vec<usize>,
    preemptions_before: usize,
    /// The instance that ran before could have gone on.
    could_go_on: bool,
}

/// Runs one schedule: `prefix` first, then whoever runs goes on for as long as it can.
fn run(stage: &Stage, prefix: &[usize]) -> Vec<Point> {
    let Stage { world, work, sweeps, .. } = stage;
    let mut tasks = Tasks::default();
    for (index, (queue, notice)) in work.iter().enumerate() {
        tasks.start(index, async move { drop(world.step(*queue, notice).await) });
    }
    for index in 0..*sweeps {
        tasks.start(work.len() + index, async move { drop(world.sweep_step().await) });
    }
    let mut points: Vec<Point> = Vec::new();
    let mut last = None;
    while !tasks.is_empty() {
        let running: Vec<usize> = (0..tasks.len()).map(|place| *tasks.label(place)).collect();
        let could_go_on = last.is_some_and(|last| running.contains(&last));
        let default = last.filter(|_| could_go_on).unwrap_or(running[0]);
        let chosen = prefix.get(points.len()).copied().unwrap_or(default);
        let preemptions_before = points.last().map_or(0, Point::preemptions);
        let others = running.into_iter().filter(|other| *other != chosen).collect();
        let point = Point { chosen, others, preemptions_before, could_go_on: could_go_on && last != Some(chosen) };
        points.push(point);
        last = Some(chosen);
        let place = tasks.position(|label| *label == chosen).expect("it is running");
        tasks.poll(place);
    }
    points
}

impl Point {
    fn preemptions(&self) -> usize {
        self.preemptions_before + usize::from(self.could_go_on)
    }
}

/// All schedules, each on a stage of its own.
fn explore(stage: impl Fn() -> Stage, check: impl Fn(&Stage, &[usize])) {
    let preemptions_max = preemptions_max();
    let mut left: Vec<Vec<usize>> = vec![Vec::new()];
    let mut count = 0;
    while let Some(prefix) = left.pop() {
        let stage = stage();
        stage.world.faults.give_way_at_each_call();
        let points = run(&stage, &prefix);
        let schedule: Vec<usize> = points.iter().map(|point| point.chosen).collect();
        stage.world.run_until_quiet();
        assert_eq!(invariants::of_world(&stage.world), Ok(()), "after the schedule {schedule:?}");
        check(&stage, &schedule);
        count += 1;
        for (place, point) in points.iter().enumerate().skip(prefix.len()) {
            let before = place.checked_sub(1).map(|before| schedule[before]);
            for other in &point.others {
                let goes_on = before.is_none_or(|before| before == *other || !can_go_on(&points, place, before));
                let preemptions = point.preemptions_before + usize::from(!goes_on);
                if preemptions <= preemptions_max {
                    left.push(schedule[..place].iter().copied().chain([*other]).collect());
                }
            }
        }
    }
    eprintln!("{count} schedules of up to {preemptions_max} preemptions");
    assert!(count > 100, "{count} schedules are no search");
}

fn can_go_on(points: &[Point], place: usize, instance: usize) -> bool {
    points[place].chosen == instance || points[place].others.contains(&instance)
}

fn owner_now(world: &World, shop: &Shop) -> Caller {
    Caller { issued_at_seconds: world.clock.now().as_seconds(), ..shop.owner.caller.clone() }
}

/// What waits in a queue, twice: it was delivered again while it was worked on.
fn twice(world: &World, queue: Queue) -> Vec<(Queue, Notice)> {
    let notices = world.receive(queue, BATCH_MAX).into_iter().map(|delivery| (queue, delivery.notice));
    notices.flat_map(|work| [work.clone(), work]).collect()
}

fn status_of(stage: &Stage) -> PaymentStatus {
    let payments = stage.world.store.contents().payments;
    payments.into_iter().find(|payment| payment.id.to_string() == stage.payment).expect("the payment is there").status
}

fn charged(stage: &Stage) -> i64 {
    stage.world.provider.charged(stage.payment.parse().expect("an id"))
}

/// Two workers with the same message, the sweep, and the provider that tells of charge and dispute.
#[test]
fn a_charge() {
    let stage = || {
        let world = World::new();
        let shop = world.sign_up("tea");
        let owner = &shop.owner.caller;
        let order = world.order(owner, 700).id();
        let payment = world.pay(owner, Some(&order), 700, "tok_dispute").id();
        assert!(world.deliver(Consumer::OutboxPublish));
        let mut work = twice(&world, Queue::Payments);
        world.call(world.provider_tells(&shop.tenant, &payment, "evt_1")).ok(200);
        assert!(world.deliver(Consumer::OutboxPublish));
        work.extend(twice(&world, Queue::Providers).into_iter().take(1));
        world.clock.advance(CHECK_AFTER + Duration::from_secs(1));
        Stage { world, payment, work, sweeps: 1 }
    };
    explore(stage, |stage, schedule| {
        assert_eq!((status_of(stage), charged(stage)), (PaymentStatus::Succeeded, 700), "{schedule:?}");
        let disputes = stage.world.store.contents().disputes;
        assert!(disputes.len() <= 1, "{schedule:?}: {disputes:?}");
    });
}

/// The merchant's capture arrives twice when the seven days are over, and the provider tells of what it has done.
#[test]
fn a_capture_against_its_expiry() {
    let stage = || {
        let world = World::new();
        let shop = world.sign_up("tea");
        let payment = world.authorize_payment(&shop.owner.caller, None, 700, "tok_success").id();
        world.run_until_quiet();
        world.clock.advance(CAPTURE_WITHIN - Duration::from_secs(1));
        let owner = owner_now(&world, &shop);
        let capture = Ask::post(format!("/v1/payments/{payment}/capture"), &json!({ "amount": 300 }));
        world.call(capture.by(&owner).key("capture")).ok(202);
        assert!(world.deliver(Consumer::OutboxPublish));
        let mut work = twice(&world, Queue::Payments);
        world.call(world.provider_tells(&shop.tenant, &payment, "evt_1")).ok(200);
        assert!(world.deliver(Consumer::OutboxPublish));
        work.extend(twice(&world, Queue::Providers).into_iter().take(1));
        world.clock.advance(CHECK_AFTER + Duration::from_secs(1));
        Stage { world, payment, work, sweeps: 1 }
    };
    explore(stage, |stage, schedule| {
        assert_eq!((status_of(stage), charged(stage)), (PaymentStatus::Succeeded, 300), "{schedule:?}");
    });
}

/// Two refunds of one payment, each message twice, beside the sweep.
#[test]
fn two_refunds() {
    let stage = || {
        let world = World::new();
        let shop = world.sign_up("tea");
        let payment = world.paid(&shop.owner.caller, 700);
        for amount in [300, 400] {
            world.refund(&owner_now(&world, &shop), &payment, amount).ok(202);
        }
        assert!(world.deliver(Consumer::OutboxPublish));
        let mut work = twice(&world, Queue::Refunds);
        work.truncate(3);
        world.clock.advance(CHECK_AFTER + Duration::from_secs(1));
        Stage { world, payment, work, sweeps: 1 }
    };
    explore(stage, |stage, schedule| {
        let refunded = stage.world.provider.refunded(stage.payment.parse().expect("an id"));
        assert_eq!((status_of(stage), refunded), (PaymentStatus::Refunded, 700), "{schedule:?}");
    });
}
