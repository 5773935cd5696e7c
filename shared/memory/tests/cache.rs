//! The cache by its clock, and when it is away.

use std::time::Duration;

use coffer_memory::{Cache, Clock, Fault, Faults};
use contract::World;
use contract::builders::{caller, session, user};
use domain::access::{Caller, Role};
use domain::identity::{ACCESS_TOKEN_LIFETIME, TOKEN_LEEWAY};
use domain::rate_limit::Quota;
use ports::PortErrorKind;
use ports::cache::{
    Admission, Admitted, Cache as _, CacheEntry, CacheKey, FILL_LEASE, Lookup, REFRESHED_BEFORE_END, Revocation,
    RouteClass,
};
use ports::clock::Clock as _;

const QUOTA: Quota = Quota { per_minute: 60, burst: 2 };

struct Scene {
    clock: Clock,
    faults: Faults,
    cache: Cache,
    caller: Caller,
}

fn scene() -> Scene {
    let (world, clock, faults) = (World::new(1), Clock::default(), Faults::none());
    world.set(clock.now());
    let cache = Cache::new(clock.clone(), faults.clone());
    let caller = caller(&session(&user(world.tenant(), world.mint()), world.mint()), Role::Viewer, world.mint());
    Scene { clock, faults, cache, caller }
}

impl Scene {
    async fn admit(&self) -> Admitted {
        self.admit_within(QUOTA).await
    }

    async fn admit_within(&self, quota: Quota) -> Admitted {
        let Self { clock, cache, caller, .. } = self;
        let key = Some(CacheKey::Tenant);
        cache.admit(Admission { caller, class: RouteClass::Read, quota, cost: 1, key, now: clock.now() }).await
    }

    async fn found(&self) -> Lookup {
        self.admit_within(Quota { per_minute: 60, burst: 1_000 }).await.found
    }

    async fn put(&self, version: u64) {
        let entry = CacheEntry { version, body: Some("{}".to_owned()) };
        self.cache.put(self.caller.tenant, CacheKey::Tenant, entry).await.expect("the cache is there");
    }

    async fn revoke(&self) {
        let revocation = Revocation::Session(self.caller.session.expect("the caller has a session"));
        self.cache.revoke(self.caller.tenant, revocation, self.clock.now()).await.expect("the cache is there");
    }
}

#[tokio::test]
async fn entries_are_kept_for_a_while() {
    let scene = scene();
    scene.put(5).await;
    scene.clock.advance(Duration::from_secs(299));
    assert!(scene.admit().await.found.entry().is_some());
    scene.clock.advance(Duration::from_secs(1));
    assert_eq!(scene.admit().await.found, Lookup::Miss);
    scene.put(1).await;
    assert_eq!(
        scene.admit().await.found.entry().map(|entry| entry.version),
        Some(1),
        "an expired entry stands in nobody's way"
    );
}

#[tokio::test]
async fn a_revocation_lasts_as_long_as_a_token() {
    let scene = scene();
    scene.revoke().await;
    scene.clock.advance(ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY - Duration::from_millis(1));
    assert!(scene.admit().await.revoked);
    scene.clock.advance(Duration::from_millis(1));
    assert!(!scene.admit().await.revoked);
}

/// Away or failing: degraded answers from a limiter of its own, which the shared one knows nothing of.
#[tokio::test]
async fn without_the_cache_the_local_limiter_decides() {
    let scene = scene();
    scene.put(1).await;
    scene.revoke().await;
    scene.cache.set_away(true);
    let mut allowed = Vec::new();
    for _ in 0..3 {
        let Admitted { limit, revoked, found, degraded, shut } = scene.admit().await;
        assert_eq!((revoked, found, degraded, shut), (false, Lookup::Unknown, true, false));
        allowed.push(limit.allowed);
    }
    assert_eq!(allowed, [true, true, false]);
    let told = scene.cache.ping().await.map_err(|error| error.kind);
    assert_eq!(told, Err(PortErrorKind::Unavailable));
    assert!(
        scene.cache.put(scene.caller.tenant, CacheKey::Tenant, CacheEntry { version: 9, body: None }).await.is_err()
    );

    scene.cache.set_away(false);
    let back = scene.admit().await;
    assert_eq!((back.degraded, back.revoked, back.limit.allowed), (false, true, true), "what it had, it kept");
    scene.faults.fail("cache.admit", 1, Fault::TimedOutBefore);
    assert!(scene.admit().await.degraded);
    assert!(!scene.admit().await.degraded);
}

#[tokio::test]
async fn a_flushed_cache_knows_nothing() {
    let scene = scene();
    scene.put(1).await;
    scene.revoke().await;
    scene.cache.flush();
    let Admitted { revoked, found, degraded, limit, shut: _ } = scene.admit().await;
    assert_eq!((revoked, found, degraded, limit.remaining), (false, Lookup::Miss, false, QUOTA.burst - 1));
}

#[tokio::test]
async fn a_lease_that_is_not_used_is_the_next_one_s() {
    let scene = scene();
    let tenant = scene.caller.tenant;
    assert_eq!(scene.found().await, Lookup::Miss);
    scene.clock.advance(FILL_LEASE - Duration::from_millis(1));
    assert_eq!(scene.found().await, Lookup::Filling);
    assert_eq!(scene.cache.await_fill(tenant, CacheKey::Tenant).await, Lookup::Filling);
    scene.clock.advance(Duration::from_millis(1));
    assert_eq!(scene.cache.await_fill(tenant, CacheKey::Tenant).await, Lookup::Miss);
    assert_eq!(scene.cache.await_fill(tenant, CacheKey::Tenant).await, Lookup::Filling, "somebody has it again");
    scene.cache.set_away(true);
    assert_eq!(scene.cache.await_fill(tenant, CacheKey::Tenant).await, Lookup::Unknown);
}

#[tokio::test]
async fn one_reader_is_to_read_an_entry_anew_before_it_ends() {
    let scene = scene();
    scene.put(5).await;
    let entry = CacheEntry { version: 5, body: Some("{}".to_owned()) };
    scene.clock.advance(Duration::from_secs(300) - REFRESHED_BEFORE_END - Duration::from_millis(1));
    assert_eq!(scene.found().await, Lookup::Hit(entry.clone()));
    scene.clock.advance(Duration::from_millis(1));
    assert_eq!(scene.found().await, Lookup::Due(entry.clone()));
    assert_eq!(scene.found().await, Lookup::Hit(entry.clone()), "the others are given what is there");

    scene.clock.advance(Duration::from_secs(10));
    scene.put(4).await;
    assert_eq!(scene.found().await, Lookup::Due(entry.clone()), "another entry is no news of this one");
    scene.put(5).await;
    scene.clock.advance(Duration::from_secs(300) - REFRESHED_BEFORE_END - Duration::from_millis(1));
    assert_eq!(scene.found().await, Lookup::Hit(entry), "the same again lives as long again");
}

#[tokio::test]
async fn what_is_gone_is_not_read_anew() {
    let scene = scene();
    let gone = CacheEntry { version: 1, body: None };
    scene.cache.put(scene.caller.tenant, CacheKey::Tenant, gone.clone()).await.expect("the cache is there");
    scene.clock.advance(Duration::from_secs(299));
    assert_eq!(scene.found().await, Lookup::Hit(gone));
}
