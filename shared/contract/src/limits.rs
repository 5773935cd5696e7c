//! Limits in a table: the domain's arithmetic, shared by all who call at once.

use std::time::Duration;

use domain::access::{Caller, Grant, Role};
use domain::ids::UserId;
use domain::rate_limit::{PaidUntil, Quota, decide};
use futures_util::future::join_all;
use ports::cache::RouteClass;
use ports::clock::Clock;

use crate::{IdentityTable, World};

const QUOTA: Quota = Quota { per_minute: 60, burst: 3 };

fn caller(world: &World) -> Caller {
    let subject = world.id::<UserId>().to_string();
    let grant = Grant::Role(Role::Admin);
    Caller { tenant: world.tenant(), subject, session: None, grant, issued_at_seconds: 0 }
}

pub async fn a_limit_is_the_domain_s(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (caller, start) = (caller(&world), world.now());
    let mut state = PaidUntil::default();
    for after_ms in [0, 0, 0, 0, 400, 1_000, 1_000, 2_100, 60_000, 60_000] {
        let now = start.plus(Duration::from_millis(after_ms));
        let (next, expected) = decide(state, QUOTA, 1, now);
        state = next;
        let counted = table.limits.count(&caller, RouteClass::Write, QUOTA, now).await.expect("counted");
        assert_eq!(counted, expected, "after {after_ms} ms");
    }
}

pub async fn callers_and_classes_have_limits_of_their_own(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (one, other, now) = (caller(&world), caller(&world), world.now());
    let same_name = Caller { tenant: other.tenant, ..one.clone() };
    let left = async |caller, class| table.limits.count(caller, class, QUOTA, now).await.expect("counted").remaining;
    assert_eq!(left(&one, RouteClass::Write).await, 2);
    assert_eq!(left(&one, RouteClass::Write).await, 1);
    assert_eq!(left(&one, RouteClass::Read).await, 2);
    assert_eq!(left(&other, RouteClass::Write).await, 2);
    assert_eq!(left(&same_name, RouteClass::Write).await, 2);
}

pub async fn calls_at_once_share_a_limit(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (caller, now) = (caller(&world), world.now());
    let calls = (0..6).map(|_| table.limits.count(&caller, RouteClass::Write, QUOTA, now));
    let allowed = join_all(calls).await.into_iter().filter(|counted| counted.as_ref().is_ok_and(|limit| limit.allowed));
    assert_eq!(allowed.count(), 3);
}
