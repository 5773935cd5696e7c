//! The cache by its clock, and when it is away.

use std::time::Duration;

use coffer_memory::{Cache, Clock, Fault, Faults};
use contract::World;
use contract::builders::{caller, session, user};
use domain::access::{Caller, Role};
use domain::identity::{ACCESS_TOKEN_LIFETIME, TOKEN_LEEWAY};
use domain::rate_limit::Quota;
use ports::PortErrorKind;
use ports::cache::{Admission, Admitted, Cache as _, CacheEntry, CacheKey, Revocation, RouteClass};
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
        let Self { clock, cache, caller, .. } = self;
        let key = Some(CacheKey::Tenant);
        cache.admit(Admission { caller, class: RouteClass::Read, quota: QUOTA, cost: 1, key, now: clock.now() }).await
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
    assert!(scene.admit().await.entry.is_some());
    scene.clock.advance(Duration::from_secs(1));
    assert!(scene.admit().await.entry.is_none());
    scene.put(1).await;
    assert_eq!(
        scene.admit().await.entry.map(|entry| entry.version),
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
        let Admitted { limit, revoked, entry, degraded } = scene.admit().await;
        assert_eq!((revoked, entry, degraded), (false, None, true));
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
    let Admitted { revoked, entry, degraded, limit } = scene.admit().await;
    assert_eq!((revoked, entry, degraded, limit.remaining), (false, None, false, QUOTA.burst - 1));
}
