//! The fault plan: exact faults, chances, counts and interleavings.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;

use coffer_memory::{Fault, Faults, Random, Store};
use contract::World;
use contract::builders::{event, order, record, tenant, user};
use domain::order::Order;
use futures_util::FutureExt;
use futures_util::future::join_all;
use ports::clock::{Clock as _, Random as _};
use ports::commerce::{Change, Commerce, Commit, CommitError, Consistency, Orders};
use ports::identity::{IdentityError, Tenants};
use ports::{PortError, PortErrorKind};

const SEED: u128 = 3;

fn creating(order: &Order, world: &World) -> Commit {
    Commit {
        tenant: order.tenant,
        record: Some(record(world.mint())),
        changes: vec![Change::CreateOrder(order.clone())],
        events: vec![event(order.tenant, world.mint())],
        now: world.now(),
    }
}

async fn read(store: &Store, order: &Order) -> Result<Option<Order>, PortError> {
    Orders::get(store, order.tenant, order.id, Consistency::Strong).await
}

/// Each fault, what the caller is told, and whether it took effect.
#[tokio::test]
async fn a_planned_fault_is_told_and_takes_effect_or_not() {
    for (fault, told, takes_effect) in [
        (Fault::Unavailable, Some(PortErrorKind::Unavailable), false),
        (Fault::Throttled, Some(PortErrorKind::Throttled), false),
        (Fault::TimedOutBefore, Some(PortErrorKind::TimedOut), false),
        (Fault::TimedOutAfter, Some(PortErrorKind::TimedOut), true),
        (Fault::Contended, None, false),
    ] {
        let (world, faults) = (World::new(SEED), Faults::none());
        let store = Store::new(faults.clone());
        faults.fail("commerce.commit", 2, fault);
        let orders = [(); 3].map(|()| order(world.tenant(), world.mint()));
        let [first, second, third] = orders.each_ref().map(|order| creating(order, &world));

        assert!(store.commit(first).await.is_ok(), "{fault:?} came too early");
        match store.commit(second.clone()).await {
            Err(CommitError::Port(error)) => assert_eq!(Some(error.kind), told, "{fault:?}"),
            Err(CommitError::Contended) => assert_eq!(told, None, "{fault:?}"),
            other => panic!("{fault:?} came to {other:?}"),
        }
        assert!(store.commit(third).await.is_ok(), "{fault:?} came twice");
        assert_eq!(read(&store, &orders[1]).await.is_ok_and(|found| found.is_some()), takes_effect, "{fault:?}");

        let again = store.commit(second).await;
        let was_claimed = matches!(again, Err(CommitError::Claimed(_)));
        assert_eq!((again.is_ok(), was_claimed), (!takes_effect, takes_effect), "{fault:?}, tried again");
        assert_eq!(faults.calls("commerce.commit"), 4, "failed calls count");
    }
}

#[tokio::test]
async fn a_plan_names_an_operation_or_the_beginning_of_several() {
    let (world, faults) = (World::new(SEED), Faults::none());
    let store = Store::new(faults.clone());
    let order = order(world.tenant(), world.mint());

    faults.fail("commerce.", 1, Fault::Unavailable);
    assert!(read(&store, &order).await.is_ok(), "another port's call");
    assert!(store.commit(creating(&order, &world)).await.is_err());
    faults.fail("", 2, Fault::Unavailable);
    assert!(store.commit(creating(&order, &world)).await.is_ok(), "the first call of any port");
    assert!(read(&store, &order).await.is_err(), "the second call of any port");

    faults.fail_by_chance("orders.", 1_000, Fault::Throttled);
    for _ in 0..3 {
        assert!(read(&store, &order).await.is_err(), "every call");
    }
    faults.heal();
    assert!(read(&store, &order).await.is_ok());
}

#[tokio::test]
async fn calls_are_counted_by_operation() {
    let (world, faults) = (World::new(SEED), Faults::none());
    let store = Store::new(faults.clone());
    let tenant = tenant(world.mint());
    let owner = user(tenant.id, world.mint());
    faults.fail("tenants.create", 1, Fault::Contended);
    for expected in [false, true] {
        let told = Tenants::create(&store, &tenant, &owner).await;
        assert_eq!(told.is_ok(), expected);
        assert!(expected || matches!(told, Err(IdentityError::Contended)));
    }
    Tenants::get(&store, tenant.id, Consistency::Eventual).await.expect("no fault is planned");

    assert_eq!(faults.tally(), BTreeMap::from([("tenants.create", 2), ("tenants.get", 1)]));
    assert_eq!((faults.total(), faults.calls("tenants.create"), faults.calls("users.get")), (3, 2, 0));
    faults.forget_calls();
    assert_eq!(faults.total(), 0);
}

/// Where a caller dies, whether its call took effect, and that nobody dies who is not let.
#[test]
fn a_caller_dies_before_its_call_or_after_it() {
    for (fault, takes_effect) in [(Fault::DiesBefore, false), (Fault::DiesAfter, true)] {
        let (world, faults) = (World::new(SEED), Faults::none());
        let store = Store::new(faults.clone());
        let order = order(world.tenant(), world.mint());
        faults.let_die(true);
        faults.fail("commerce.commit", 1, fault);
        let mut caller = pin!(store.commit(creating(&order, &world)));
        assert!(caller.as_mut().now_or_never().is_none(), "{fault:?} is for ever");
        assert!(faults.has_died() && !faults.has_died(), "{fault:?} is told once");
        let found = read(&store, &order).now_or_never().expect("nothing is planned any more");
        assert_eq!(found.is_ok_and(|found| found.is_some()), takes_effect, "{fault:?}");

        faults.let_die(false);
        faults.fail("commerce.commit", 1, fault);
        assert!(store.commit(creating(&order, &world)).now_or_never().is_some(), "{fault:?} of one who must not die");
        assert!(!faults.has_died());
    }
}

#[tokio::test]
async fn a_stale_read_shows_what_was_there_before_until_replicas_catch_up() {
    let (world, faults) = (World::new(SEED), Faults::none());
    let store = Store::new(faults.clone());
    let order = order(world.tenant(), world.mint());
    store.commit(creating(&order, &world)).await.expect("nothing is planned");
    faults.fail_by_chance("orders.get", 1_000, Fault::Stale);
    let found = async |consistency| {
        Orders::get(&store, order.tenant, order.id, consistency).await.expect("a stale read is no failure").is_some()
    };
    assert!(!found(Consistency::Eventual).await, "before it, there was none");
    assert!(found(Consistency::Strong).await);
    store.catch_up();
    assert!(found(Consistency::Eventual).await);
}

/// In what order five tasks take effect, each making three calls that fail by chance.
async fn run(seed: u64) -> Vec<(usize, bool)> {
    let (world, faults) = (World::new(SEED), Faults::seeded(seed));
    let store = Store::new(faults.clone());
    faults.fail_by_chance("orders.", 300, Fault::Unavailable);
    let order = order(world.tenant(), world.mint());
    let log = Mutex::new(Vec::new());
    let task = async |task: usize| {
        for _ in 0..3 {
            let went_well = read(&store, &order).await.is_ok();
            log.lock().expect("nothing panics under it").push((task, went_well));
        }
    };
    join_all((0..5).map(task)).await;
    log.into_inner().expect("nothing panics under it")
}

#[tokio::test]
async fn a_seed_is_a_run() {
    assert_eq!(run(1).await, run(1).await, "the same seed is the same run");
    let runs: Vec<_> = [run(1).await, run(2).await, run(3).await].into();
    assert!(runs[0] != runs[1] && runs[1] != runs[2], "other seeds are other runs");
    let failed = runs.iter().flatten().filter(|(_, went_well)| !went_well).count();
    assert!((3..30).contains(&failed), "{failed} of 45 calls failed by a chance of 30 %");
    let in_turn = |run: &[(usize, bool)]| run.is_sorted_by_key(|(task, _)| *task);
    assert!(runs.iter().any(|run| !in_turn(run)), "tasks interleave");
}

#[test]
fn random_bits_are_the_seed_s() {
    let bits = |seed| {
        let random = Random::seeded(seed);
        [random.bits(), random.clone().bits()]
    };
    assert_eq!(bits(1), bits(1));
    assert_ne!(bits(1), bits(2));
    assert_ne!(bits(1)[0], bits(1)[1], "a clone goes on with the sequence");
}
