//! Many misses at once: one caller has the lease to fill an entry, the others wait for it and no longer than promised. How the
//! lease ends by time is an adapter's own test.

use domain::access::Caller;
use domain::ids::OrderId;
use domain::rate_limit::Quota;
use futures_util::future::{join, join_all};
use ports::cache::{Admission, Cache, CacheEntry, CacheKey, Lookup, Revocation, RouteClass};
use ports::clock::Clock;

use crate::World;
use crate::cache::{a_caller, admit, shows};

pub async fn of_many_misses_one_has_the_lease(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let (caller, colleague) = (a_caller(&world), a_caller(&world));
    let key = CacheKey::Order(world.id::<OrderId>());
    let found = join_all((0..100).map(|_| admit(cache, &caller, Some(key), &world))).await;
    let count = |lookup: &Lookup| found.iter().filter(|admitted| admitted.found == *lookup).count();
    assert_eq!((count(&Lookup::Miss), count(&Lookup::Filling)), (1, 99));

    let elsewhere = CacheKey::Order(world.id::<OrderId>());
    assert_eq!(admit(cache, &caller, Some(elsewhere), &world).await.found, Lookup::Miss, "another entry's lease");
    assert_eq!(admit(cache, &colleague, Some(key), &world).await.found, Lookup::Miss, "another tenant's lease");
}

/// What is gone is an answer like any other.
pub async fn who_waits_is_given_what_is_filled(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    for entry in [shows(1, "{}"), CacheEntry { version: 0, body: None }] {
        let key = CacheKey::Order(world.id::<OrderId>());
        assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Miss);
        let waiting = join_all((0..20).map(|_| cache.await_fill(caller.tenant, key)));
        let (found, put) = join(waiting, cache.put(caller.tenant, key, entry.clone())).await;
        put.expect("an entry is put");
        assert_eq!(found, vec![Lookup::Hit(entry.clone()); 20]);
        assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Hit(entry));
    }
}

/// The filler is dead: whoever waits is told to read the table, with the lease or without.
pub async fn who_waits_in_vain_is_let_go(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    let key = CacheKey::Order(world.id::<OrderId>());
    assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Miss);
    let found = join_all((0..20).map(|_| cache.await_fill(caller.tenant, key))).await;
    assert!(found.iter().all(|lookup| matches!(lookup, Lookup::Miss | Lookup::Filling)), "{found:?}");
}

pub async fn a_call_that_is_refused_takes_no_lease(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let (caller, revoked) = (a_caller(&world), a_caller(&world));
    let key = CacheKey::Order(world.id::<OrderId>());
    let quota = Quota { per_minute: 1, burst: 0 };
    let class = RouteClass::Write;
    let refused = Admission { caller: &caller, class, quota, cost: 1, key: Some(key), now: world.now() };
    assert!(!cache.admit(refused).await.limit.allowed);
    assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Miss, "after one that was over its limit");

    let session = revoked.session.expect("of a session");
    cache.revoke(revoked.tenant, Revocation::Session(session), world.now()).await.expect("revoked");
    assert!(admit(cache, &revoked, Some(key), &world).await.revoked);
    let colleague = Caller { session: Some(world.id()), ..revoked.clone() };
    assert_eq!(admit(cache, &colleague, Some(key), &world).await.found, Lookup::Miss, "after one that was revoked");
}

/// An older entry that comes late, from a filler that was slower than its lease, replaces nothing: the version is the fence.
pub async fn a_late_filler_replaces_nothing(cache: &dyn Cache, seed: u128) {
    let world = World::new(seed);
    let caller = a_caller(&world);
    let key = CacheKey::Order(world.id::<OrderId>());
    assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Miss);
    cache.await_fill(caller.tenant, key).await;
    for (put, kept) in [(shows(2, "new"), shows(2, "new")), (shows(1, "old"), shows(2, "new"))] {
        cache.put(caller.tenant, key, put).await.expect("an entry is put");
        assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Hit(kept));
    }
    let never = CacheEntry { version: 0, body: None };
    cache.put(caller.tenant, key, never).await.expect("an entry is put");
    assert_eq!(admit(cache, &caller, Some(key), &world).await.found, Lookup::Hit(shows(2, "new")));
}
