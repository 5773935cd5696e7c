//! The cache when it is not there, is cut off, or hangs: the answer stays right, the delay bounded, and it comes back by
//! itself.

use std::time::{Duration, Instant};

use coffer_aws::{RedisCache, RedisConfig};
use contract::World;
use contract::builders::{caller, session, user};
use domain::access::{Caller, Role};
use domain::rate_limit::Quota;
use ports::PortErrorKind;
use ports::cache::{Admission, Admitted, Cache, CacheEntry, CacheKey, Lookup, Revocation, RouteClass};
use ports::clock::Clock;
use tokio::net::TcpListener;

use crate::place::seed;
use crate::proxy::{Proxy, Silent};

const QUOTA: Quota = Quota { per_minute: 60, burst: 3 };
/// 100 ms to connect and 50 to answer, and what a busy machine adds: far from the seconds that a hanging server takes.
const BOUND: Duration = Duration::from_secs(2);

fn a_caller(world: &World) -> Caller {
    caller(&session(&user(world.tenant(), world.mint()), world.mint()), Role::Operator, world.mint())
}

async fn admit(cache: &RedisCache, caller: &Caller, world: &World) -> (Admitted, Duration) {
    let key = Some(CacheKey::Tenant);
    let admission = Admission { caller, class: RouteClass::Write, quota: QUOTA, cost: 1, key, now: world.now() };
    let started = Instant::now();
    (cache.admit(admission).await, started.elapsed())
}

/// What holds however the cache is away: calls are limited here, nothing is found, writes fail as what may be tried again,
/// and nothing hangs.
async fn is_away(cache: &RedisCache, world: &World) {
    let caller = a_caller(world);
    let (first, delay) = admit(cache, &caller, world).await;
    assert!(first.degraded && first.limit.allowed && !first.revoked && first.found == Lookup::Unknown, "{first:?}");
    assert!(delay < BOUND, "the first call took {delay:?}");
    let others = [admit(cache, &caller, world).await.0, admit(cache, &caller, world).await.0];
    assert!(others.iter().all(|admitted| admitted.degraded && admitted.limit.allowed), "{others:?}");
    let (beyond_the_burst, _) = admit(cache, &caller, world).await;
    assert!(beyond_the_burst.degraded && !beyond_the_burst.limit.allowed);
    assert!(beyond_the_burst.limit.retry_after > Duration::ZERO);
    assert_eq!(cache.await_fill(caller.tenant, CacheKey::Tenant).await, Lookup::Unknown, "nobody is waited for");
    let entry = CacheEntry { version: 1, body: None };
    let put = cache.put(caller.tenant, CacheKey::Tenant, entry).await.expect_err("the cache is away");
    let session = caller.session.expect("of a session");
    let revoke = cache.revoke(caller.tenant, Revocation::Session(session), world.now()).await.expect_err("the same");
    let ping = cache.ping().await.expect_err("the same");
    for error in [put, revoke, ping] {
        assert!(error.retryable(), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_cache_that_is_not_there() {
    let unused = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port").local_addr().expect("its address");
    let cache = RedisCache::new(RedisConfig::new("127.0.0.1", unused.port(), false));
    is_away(&cache, &World::new(seed())).await;
    let unknown = RedisCache::new(RedisConfig::new("no-such-host.invalid", 6379, false));
    let ping = unknown.ping().await.expect_err("there is no such host");
    assert!(ping.retryable(), "{ping:?}");
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_cache_that_hangs() {
    let silent = Silent::open().await;
    for tls in [false, true] {
        is_away(&silent.cache(tls), &World::new(seed())).await;
    }
    let told = silent.cache(false).ping().await.map_err(|error| error.kind);
    assert_eq!(told, Err(PortErrorKind::TimedOut));
}

/// A second of a sick cache costs one try, however many calls there are.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_sick_cache_is_tried_once_a_second() {
    let silent = Silent::open().await;
    let (cache, world) = (silent.cache(false), World::new(seed()));
    let caller = a_caller(&world);
    let started = Instant::now();
    for _ in 0..100 {
        admit(&cache, &caller, &world).await;
    }
    let seconds = usize::try_from(started.elapsed().as_secs()).expect("few");
    let tries = silent.connections();
    assert!((1..=1 + seconds).contains(&tries), "{tries} tries in {seconds} s");
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_connection_cut_while_idle_is_made_anew_unseen() {
    let mut proxy = Proxy::open().await;
    let (cache, world) = (proxy.cache(), World::new(seed()));
    let caller = a_caller(&world);
    assert_eq!(proxy.connections(), 0, "nothing is connected to before the first call");
    for made in 1..=3 {
        let (admitted, _) = admit(&cache, &caller, &world).await;
        assert!(!admitted.degraded, "the cache is there: {admitted:?}");
        assert_eq!(proxy.connections(), made, "one connection at a time");
        proxy.cut().await;
    }
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_cache_that_comes_back_is_used_again() {
    let mut proxy = Proxy::open().await;
    let (cache, world) = (proxy.cache(), World::new(seed()));
    let caller = a_caller(&world);
    let shown = CacheEntry { version: 1, body: Some("{}".to_owned()) };
    cache.put(caller.tenant, CacheKey::Tenant, shown.clone()).await.expect("it is there");
    let (there, _) = admit(&cache, &caller, &world).await;
    assert_eq!((there.degraded, there.limit.remaining, there.found), (false, 2, Lookup::Hit(shown.clone())));

    proxy.close().await;
    is_away(&cache, &world).await;
    proxy.open_again().await;
    let mut back = admit(&cache, &caller, &world).await.0;
    for _ in 0..100 {
        if !back.degraded {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        back = admit(&cache, &caller, &world).await.0;
    }
    assert_eq!(
        (back.degraded, back.limit.remaining, back.found),
        (false, 1, Lookup::Hit(shown)),
        "as if it had not been away"
    );
}
