//! The shared cache while it answers: limits, revocations and entries in one round trip. What happens when it is away is an
//! adapter's own test.

use domain::access::{Caller, Role};
use domain::identity::Session;
use domain::ids::{OrderId, PaymentId, UserId};
use domain::rate_limit::{PaidUntil, Quota, decide};
use domain::time::Timestamp;
use ports::cache::{Admission, Admitted, Cache, CacheEntry, CacheKey, Lookup, Revocation, RouteClass};
use ports::clock::Clock;
use std::time::Duration;

use crate::World;
use crate::builders::{caller, session, user};

/// Slow enough that a test never sees a limiter's state expire by the cache's own clock.
const QUOTA: Quota = Quota { per_minute: 6, burst: 5 };
/// For tests of something else.
const WIDE: Quota = Quota { per_minute: 6, burst: 1_000 };

fn a_session(world: &World) -> Session {
    session(&user(world.tenant(), world.mint()), world.mint())
}

pub(crate) fn a_caller(world: &World) -> Caller {
    caller(&a_session(world), Role::Operator, world.mint())
}

pub(crate) async fn admit(cache: &dyn Cache, caller: &Caller, key: Option<CacheKey>, world: &World) -> Admitted {
    let admission = Admission { caller, class: RouteClass::Read, quota: WIDE, cost: 1, key, now: world.now() };
    let admitted = cache.admit(admission).await;
    assert!(!admitted.degraded, "the cache is there");
    admitted
}

async fn entry(cache: &dyn Cache, caller: &Caller, key: CacheKey, world: &World) -> Option<CacheEntry> {
    admit(cache, caller, Some(key), world).await.found.entry().cloned()
}

async fn is_revoked(cache: &dyn Cache, caller: &Caller, world: &World) -> bool {
    admit(cache, caller, None, world).await.revoked
}

pub(crate) fn shows(version: u64, body: &str) -> CacheEntry {
    CacheEntry { version, body: Some(body.to_owned()) }
}

pub async fn the_cache_answers_a_ping(cache: &dyn Cache) {
    cache.ping().await.expect("the cache answers");
}

/// The same numbers as the domain's arithmetic, whatever the times.
pub async fn admissions_are_decided_as_the_domain_does(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    for quota in [QUOTA, Quota { per_minute: 7, burst: 3 }, Quota { per_minute: 1, burst: 1 }] {
        let caller = a_caller(&world);
        let mut state = PaidUntil::default();
        let mut refused = 0;
        for waited_ms in [0, 0, 1, 0, 3, 0, 9_999, 1, 10_000, 12_345, 0, 0, 60_000, 0, 600_000, 0, 0, 0, 0, 0] {
            let now = world.advance(Duration::from_millis(waited_ms));
            // A call for two now and then.
            let cost = 1 + u32::from(waited_ms == 3 || waited_ms == 60_000);
            let (next, expected) = decide(state, quota, cost, now);
            state = next;
            refused += u32::from(!expected.allowed);
            let admission = Admission { caller: &caller, class: RouteClass::Write, quota, cost, key: None, now };
            assert_eq!(cache.admit(admission).await.limit, expected, "{quota:?} after {waited_ms} ms");
        }
        assert!(refused > 0, "the times are meant to exceed the quota");
    }
}

/// Another class, user or tenant has a burst of its own; another session of the same user has not.
pub async fn callers_and_classes_are_limited_apart(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    let allowed = async |caller: &Caller, class| {
        cache.admit(Admission { caller, class, quota: QUOTA, cost: 1, key: None, now: world.now() }).await.limit.allowed
    };
    for _ in 0..QUOTA.burst {
        assert!(allowed(&caller, RouteClass::Write).await, "within the burst");
    }
    assert!(!allowed(&caller, RouteClass::Write).await, "beyond the burst");

    let same_subject = Caller { session: Some(world.id()), ..caller.clone() };
    assert!(!allowed(&same_subject, RouteClass::Write).await, "a new session brings no new burst");
    assert!(allowed(&caller, RouteClass::Read).await, "reads and writes are limited apart");
    let other_subject = Caller { subject: world.id::<UserId>().to_string(), ..caller.clone() };
    assert!(allowed(&other_subject, RouteClass::Write).await);
    let other_tenant = Caller { tenant: world.tenant(), ..caller.clone() };
    assert!(allowed(&other_tenant, RouteClass::Write).await);
}

pub async fn what_was_put_is_found_by_key_and_tenant(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    let stranger = a_caller(&world);
    let keys = [
        CacheKey::Tenant,
        CacheKey::User(world.id()),
        CacheKey::Order(world.id()),
        CacheKey::Payment(world.id::<PaymentId>()),
    ];
    for key in keys {
        assert_eq!(entry(cache, &caller, key, &world).await, None, "nothing was put yet");
        let put = shows(1, &format!("{{\"key\":\"{key}\",\"note\":\"Grüße, 東京\"}}"));
        cache.put(caller.tenant, key, put.clone()).await.expect("an entry is put");
        assert_eq!(entry(cache, &caller, key, &world).await, Some(put));
        assert_eq!(entry(cache, &stranger, key, &world).await, None, "another tenant's entry");
    }
    assert_eq!(entry(cache, &caller, CacheKey::Order(world.id()), &world).await, None);
    assert_eq!(admit(cache, &caller, None, &world).await.found, Lookup::Unknown, "no key was asked for");
}

/// A slow reader never puts an old value over a newer one, whichever of them shows that the resource is gone.
pub async fn the_newest_version_stays(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    let key = CacheKey::Order(world.id::<OrderId>());
    let gone = |version| CacheEntry { version, body: None };
    // As numbers: 10 comes after 9, and large ones are not rounded.
    let large = u64::from(u32::MAX) * 1_000;
    for (put, kept) in [
        (shows(9, "a"), shows(9, "a")),
        (shows(8, "older"), shows(9, "a")),
        (shows(9, "same"), shows(9, "a")),
        (gone(8), shows(9, "a")),
        (shows(10, "b"), shows(10, "b")),
        (gone(11), gone(11)),
        (shows(10, "older"), gone(11)),
        (shows(11, "same"), gone(11)),
        (shows(12, ""), shows(12, "")),
        (shows(large, "c"), shows(large, "c")),
        (shows(large - 1, "older"), shows(large, "c")),
        (gone(large + 1), gone(large + 1)),
    ] {
        cache.put(caller.tenant, key, put.clone()).await.expect("an entry is put");
        assert_eq!(entry(cache, &caller, key, &world).await, Some(kept), "after {put:?}");
    }
}

pub async fn a_refused_call_gets_no_entry(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    cache.put(caller.tenant, CacheKey::Tenant, shows(1, "a")).await.expect("an entry is put");
    let quota = Quota { per_minute: 1, burst: 1 };
    let class = RouteClass::Read;
    let admission = Admission { caller: &caller, class, quota, cost: 1, key: Some(CacheKey::Tenant), now: world.now() };

    let first = cache.admit(admission).await;
    assert_eq!((first.limit.allowed, first.found), (true, Lookup::Hit(shows(1, "a"))));
    let second = cache.admit(admission).await;
    assert_eq!((second.limit.allowed, second.found), (false, Lookup::Unknown));
    assert!(second.limit.retry_after > Duration::ZERO, "a refused call is told when to come again");
}

pub async fn a_revoked_session_s_calls_are_told(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let session = a_session(&world);
    let ended = caller(&session, Role::Viewer, world.mint());
    assert!(!is_revoked(cache, &ended, &world).await, "nothing was revoked yet");
    cache.put(ended.tenant, CacheKey::Tenant, shows(1, "a")).await.expect("an entry is put");

    for _ in 0..2 {
        cache.revoke(ended.tenant, Revocation::Session(session.id), world.now()).await.expect("a session is revoked");
    }
    let admitted = admit(cache, &ended, Some(CacheKey::Tenant), &world).await;
    assert_eq!((admitted.revoked, admitted.found), (true, Lookup::Unknown), "a revoked call gets no entry");
    let issued_later = Caller { issued_at_seconds: world.now().as_seconds() + 60, ..ended.clone() };
    assert!(is_revoked(cache, &issued_later, &world).await, "all of the session's tokens are refused");

    let other_session = Caller { session: Some(world.id()), ..ended.clone() };
    let machine = Caller { session: None, ..ended.clone() };
    let other_tenant = Caller { tenant: world.tenant(), ..ended };
    for other in [other_session, machine, other_tenant] {
        assert!(!is_revoked(cache, &other, &world).await, "revoked by another's session: {other:?}");
    }
}

/// Within one second a token's age is not known; a second before and after, it is.
pub async fn a_revoked_user_s_older_tokens_are_told(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let user = user(world.tenant(), world.mint());
    let token = caller(&session(&user, world.mint()), Role::Viewer, world.mint());
    let at = world.advance(Duration::from_secs(100));
    let issued_at = |at: Timestamp, seconds_later: i64| Caller {
        issued_at_seconds: at.as_seconds() + seconds_later,
        ..token.clone()
    };
    cache.revoke(user.tenant, Revocation::User(user.id), at).await.expect("a user is revoked");

    assert!(is_revoked(cache, &token, &world).await);
    assert!(is_revoked(cache, &issued_at(at, -1), &world).await);
    assert!(!is_revoked(cache, &issued_at(at, 1), &world).await, "a token of after the moment");
    let other_session = Caller { session: Some(world.id()), ..token.clone() };
    assert!(is_revoked(cache, &other_session, &world).await, "all of the user's sessions");
    let other_user = Caller { subject: world.id::<UserId>().to_string(), ..token.clone() };
    let other_tenant = Caller { tenant: world.tenant(), ..token.clone() };
    for other in [other_user, other_tenant] {
        assert!(!is_revoked(cache, &other, &world).await, "revoked by another user: {other:?}");
    }

    // A later moment counts, an earlier one takes nothing back.
    let later = world.advance(Duration::from_secs(10));
    for moment in [later, at] {
        cache.revoke(user.tenant, Revocation::User(user.id), moment).await.expect("a user is revoked");
        assert!(is_revoked(cache, &issued_at(at, 1), &world).await);
        assert!(is_revoked(cache, &issued_at(later, -1), &world).await);
        assert!(!is_revoked(cache, &issued_at(later, 1), &world).await);
    }
}
