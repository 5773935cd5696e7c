//! The cache while it is there, in Redis or Valkey.

use std::time::Duration;

use contract::World;
use contract::builders::{caller, session, user};
use domain::access::{Caller, Role};
use domain::rate_limit::{PaidUntil, Quota, READS, decide};
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::cache::{Admission, Cache, CacheEntry, CacheKey, Revocation, RouteClass};
use ports::clock::Clock;

use crate::place::{redis, redis_address, seed};

macro_rules! contracts {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        #[ignore = "needs the emulator: cargo xtask test"]
        async fn $name() {
            contract::cache::$name(&redis(), seed()).await;
        }
    )+};
}

contracts! {
    admissions_are_decided_as_the_domain_does,
    callers_and_classes_are_limited_apart,
    what_was_put_is_found_by_key_and_tenant,
    the_newest_version_stays,
    a_refused_call_gets_no_entry,
    a_revoked_session_s_calls_are_told,
    a_revoked_user_s_older_tokens_are_told,
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_cache_answers_a_ping() {
    contract::cache::the_cache_answers_a_ping(&redis()).await;
}

/// Calls in any order of time, with quotas that change: the script and the domain decide alike, from the same state.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_script_s_arithmetic_is_the_domain_s() {
    let (cache, seed) = (redis(), seed());
    let world = World::new(seed);
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let start_ms = world.now().as_ms();
    for _ in 0..20 {
        let caller = a_caller(&world);
        let mut state = PaidUntil::default();
        let mut now_ms = start_ms;
        for _ in 0..200 {
            let quota = Quota { per_minute: random.u32(0..2_000), burst: random.u32(1..300) };
            now_ms += random.i64(-500..2_000);
            let now = Timestamp::from_ms(now_ms);
            let cost = random.u32(1..4);
            let (next, expected) = decide(state, quota, cost, now);
            state = next;
            let admission = Admission { caller: &caller, class: RouteClass::Read, quota, cost, key: None, now };
            let admitted = cache.admit(admission).await;
            assert!(!admitted.degraded, "the cache is there");
            assert_eq!(admitted.limit, expected, "{quota:?} at {now_ms}");
        }
    }
}

/// G1: two instances, calls at once, and not one more than the burst.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn parallel_calls_of_two_instances_share_one_burst() {
    let world = World::new(seed());
    let caller = a_caller(&world);
    let quota = Quota { per_minute: 6, burst: 40 };
    let admission =
        Admission { caller: &caller, class: RouteClass::Write, quota, cost: 1, key: None, now: world.now() };
    let instances = [redis(), redis()];
    let calls = (0..100).map(|call| instances[call % 2].admit(admission));
    let admitted = join_all(calls).await;
    assert!(admitted.iter().all(|admitted| !admitted.degraded));
    assert_eq!(admitted.iter().filter(|admitted| admitted.limit.allowed).count(), 40);
}

/// A log-in after its user's tokens were revoked counts, though tokens tell seconds only; what was there before does not.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_log_in_within_the_second_of_a_revocation_counts() {
    let (cache, world) = (redis(), World::new(seed()));
    let whole_second = world.now();
    let user = user(world.tenant(), world.mint());
    let earlier = caller(&session(&user, world.mint()), Role::Viewer, world.mint());
    world.set(whole_second.plus(Duration::from_millis(500)));
    cache.revoke(user.tenant, Revocation::User(user.id), world.now()).await.expect("revoked");
    world.set(whole_second.plus(Duration::from_millis(501)));
    let later = caller(&session(&user, world.mint()), Role::Viewer, world.mint());
    let same_session = Caller { session: earlier.session, ..later.clone() };
    let machine = Caller { session: None, ..later.clone() };
    for (caller, revoked, who) in [
        (&earlier, true, "a token of before"),
        (&later, false, "a token of a session of after"),
        (&same_session, true, "a token of an older session: of the same second, for all that is known"),
        (&machine, true, "a token without a session: the same"),
    ] {
        let admission =
            Admission { caller, class: RouteClass::Read, quota: READS, cost: 1, key: None, now: world.now() };
        assert_eq!(cache.admit(admission).await.revoked, revoked, "{who}");
    }
    cache.revoke(user.tenant, Revocation::User(user.id), Timestamp::from_ms(i64::MAX)).await.expect("revoked for good");
    let admission =
        Admission { caller: &later, class: RouteClass::Read, quota: READS, cost: 1, key: None, now: world.now() };
    assert!(cache.admit(admission).await.revoked, "the user is gone");
}

/// Nothing stays for ever, and a tenant's keys are in one slot.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn every_key_expires_and_bears_its_tenant_as_hash_tag() {
    let (cache, world) = (redis(), World::new(seed()));
    let caller = a_caller(&world);
    let tenant = caller.tenant;
    let admission =
        Admission { caller: &caller, class: RouteClass::Read, quota: READS, cost: 1, key: None, now: world.now() };
    cache.admit(admission).await;
    let session = caller.session.expect("of a session");
    for revocation in [Revocation::Session(session), Revocation::User(world.id())] {
        cache.revoke(tenant, revocation, world.now()).await.expect("revoked");
    }
    let order = CacheKey::Order(world.id());
    cache.put(tenant, CacheKey::Tenant, CacheEntry { version: 1, body: Some("{}".to_owned()) }).await.expect("put");
    cache.put(tenant, order, CacheEntry { version: 1, body: None }).await.expect("put");

    let (host, port) = redis_address();
    let client = redis::Client::open((host, port)).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("the cache");
    let mut command = redis::cmd("KEYS");
    let keys: Vec<String> = command.arg(format!("*{tenant}*")).query_async(&mut connection).await.expect("the keys");
    assert_eq!(keys.len(), 5, "{keys:?}");
    for key in keys {
        assert!(key.starts_with(&format!("{{{tenant}}}:")), "{key}");
        let mut command = redis::cmd("PTTL");
        let lives_ms: i64 = command.arg(&key).query_async(&mut connection).await.expect("its time to live");
        let longest_ms = if key.contains(":revoked:") { 660_000 } else { 330_000 };
        assert!((1..=longest_ms).contains(&lives_ms), "{key} lives {lives_ms} ms");
    }
}

pub fn a_caller(world: &World) -> Caller {
    caller(&session(&user(world.tenant(), world.mint()), world.mint()), Role::Operator, world.mint())
}
