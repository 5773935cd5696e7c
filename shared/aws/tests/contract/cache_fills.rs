//! Who fills the cache, in Redis or Valkey: leases, and entries that are read anew before they end.

use contract::World;
use domain::access::Caller;
use domain::rate_limit::READS;
use futures_util::future::join_all;
use ports::cache::{Admission, Cache, CacheEntry, CacheKey, FILL_LEASE, Lookup, RouteClass};
use ports::clock::Clock;
use redis::aio::MultiplexedConnection;

use crate::cache::a_caller;
use crate::place::{redis, redis_address, seed};

macro_rules! contracts {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        #[ignore = "needs the emulator: cargo xtask test"]
        async fn $name() {
            contract::fills::$name(&redis(), seed()).await;
        }
    )+};
}

contracts! {
    of_many_misses_one_has_the_lease,
    who_waits_is_given_what_is_filled,
    who_waits_in_vain_is_let_go,
    a_call_that_is_refused_takes_no_lease,
    a_late_filler_replaces_nothing,
}

async fn found(cache: &dyn Cache, caller: &Caller, key: CacheKey, world: &World) -> Lookup {
    let (class, now) = (RouteClass::Read, world.now());
    cache.admit(Admission { caller, class, quota: READS, cost: 1, key: Some(key), now }).await.found
}

async fn plain_connection() -> MultiplexedConnection {
    let (host, port) = redis_address();
    let client = redis::Client::open((host, port)).expect("an address");
    client.get_multiplexed_async_connection().await.expect("the cache")
}

fn shows(version: u64) -> CacheEntry {
    CacheEntry { version, body: Some("{}".to_owned()) }
}

/// H2: instances share the lease.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn of_many_instances_that_miss_one_has_the_lease() {
    let world = World::new(seed());
    let (caller, key) = (a_caller(&world), CacheKey::Payment(world.id()));
    let instances: Vec<_> = (0..10).map(|_| redis()).collect();
    join_all(instances.iter().map(|instance| instance.ping())).await;
    let found = join_all(instances.iter().map(|instance| found(instance, &caller, key, &world))).await;
    assert_eq!(found.iter().filter(|lookup| **lookup == Lookup::Miss).count(), 1, "{found:?}");
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_lease_ends_by_itself_and_goes_to_one_who_waits() {
    let (cache, world) = (redis(), World::new(seed()));
    let (caller, key) = (a_caller(&world), CacheKey::Payment(world.id()));
    assert_eq!(found(&cache, &caller, key, &world).await, Lookup::Miss);
    let mut command = redis::cmd("PTTL");
    let lease = format!("{{{}}}:fill:{key}", caller.tenant);
    let lives_ms: i64 = command.arg(lease).query_async(&mut plain_connection().await).await.expect("its time to live");
    const GONE: i64 = -2;
    let longest_ms = i64::try_from(FILL_LEASE.as_millis()).expect("a small number");
    assert!(lives_ms == GONE || (0..=longest_ms).contains(&lives_ms), "the lease lives {lives_ms} ms");
    let mut waited = cache.await_fill(caller.tenant, key).await;
    for _ in 0..100 {
        if waited == Lookup::Miss {
            break;
        }
        waited = cache.await_fill(caller.tenant, key).await;
    }
    assert_eq!(waited, Lookup::Miss);
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn one_reader_is_to_read_an_entry_anew_and_putting_it_again_begins_its_life_anew() {
    let (cache, world) = (redis(), World::new(seed()));
    let (caller, key) = (a_caller(&world), CacheKey::Payment(world.id()));
    cache.put(caller.tenant, key, shows(5)).await.expect("put");
    assert_eq!(found(&cache, &caller, key, &world).await, Lookup::Hit(shows(5)));
    near_its_end(&caller, key).await;
    let seen = join_all((0..20).map(|_| found(&cache, &caller, key, &world))).await;
    assert_eq!(seen.iter().filter(|lookup| **lookup == Lookup::Due(shows(5))).count(), 1, "{seen:?}");
    assert_eq!(seen.iter().filter(|lookup| **lookup == Lookup::Hit(shows(5))).count(), 19, "{seen:?}");

    let another = CacheEntry { version: 5, body: Some("{\"other\":1}".to_owned()) };
    for (put, lives_on) in [(shows(4), false), (another, false), (shows(5), true)] {
        cache.put(caller.tenant, key, put.clone()).await.expect("put");
        assert_eq!(lives_ms(&caller, key).await > 60_000, lives_on, "after {put:?}");
    }
    assert_eq!(found(&cache, &caller, key, &world).await, Lookup::Hit(shows(5)));
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn what_is_gone_is_not_read_anew() {
    let (cache, world) = (redis(), World::new(seed()));
    let (caller, key) = (a_caller(&world), CacheKey::Payment(world.id()));
    let gone = CacheEntry { version: 1, body: None };
    cache.put(caller.tenant, key, gone.clone()).await.expect("put");
    near_its_end(&caller, key).await;
    assert_eq!(found(&cache, &caller, key, &world).await, Lookup::Hit(gone));
}

fn entry_name(caller: &Caller, key: CacheKey) -> String {
    format!("{{{}}}:entry:{key}", caller.tenant)
}

async fn near_its_end(caller: &Caller, key: CacheKey) {
    let mut command = redis::cmd("PEXPIRE");
    let command = command.arg(entry_name(caller, key)).arg(20_000);
    let is_there: bool = command.query_async(&mut plain_connection().await).await.expect("the cache");
    assert!(is_there, "the entry has another name");
}

async fn lives_ms(caller: &Caller, key: CacheKey) -> i64 {
    let mut command = redis::cmd("PTTL");
    command.arg(entry_name(caller, key)).query_async(&mut plain_connection().await).await.expect("the cache")
}
