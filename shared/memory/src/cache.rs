//! The shared cache: limits, revocations and versioned entries that expire by the clock. It can be away, and it can lose all
//! it has; then a limiter of this instance alone decides. Who waits for a fill waits by turns of other tasks, not by the clock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::access::Caller;
use domain::identity::{ACCESS_TOKEN_LIFETIME, TOKEN_LEEWAY};
use domain::ids::TenantId;
use domain::rate_limit::{LimitDecision, PaidUntil, decide};
use domain::time::Timestamp;
use ports::cache::{
    Admission, Admitted, CacheEntry, CacheKey, FILL_LEASE, Lookup, REFRESHED_BEFORE_END, Revocation, RouteClass,
};
use ports::clock::Clock as _;
use ports::{PortError, PortErrorKind};

use crate::clock::Clock;
use crate::faults::{Faults, let_others_run};
use crate::lock::Lock;

const ENTRIES_KEPT_FOR: Duration = Duration::from_secs(300);

/// How often who waits for a fill looks again, and how many turns the other tasks have between two looks.
const LOOKS: usize = 5;
const TURNS: usize = 50;

#[derive(Debug)]
pub struct Cache {
    clock: Clock,
    faults: Faults,
    is_away: AtomicBool,
    shared: Lock<Shared>,
    local: Lock<Limits>,
}

#[derive(Debug, Default)]
struct Shared {
    limits: Limits,
    entries: HashMap<(TenantId, CacheKey), Expiring<CacheEntry>>,
    leases: HashMap<(TenantId, CacheKey), Expiring<()>>,
    revocations: HashMap<(TenantId, Revocation), Expiring<Timestamp>>,
}

#[derive(Debug, Default)]
struct Limits(HashMap<(TenantId, String, RouteClass), PaidUntil>);

#[derive(Debug)]
struct Expiring<T> {
    value: T,
    expires_at: Timestamp,
}

impl<T> Expiring<T> {
    fn live(&self, now: Timestamp) -> Option<&T> {
        (now < self.expires_at).then_some(&self.value)
    }
}

impl Cache {
    pub fn new(clock: Clock, faults: Faults) -> Self {
        Self { clock, faults, is_away: AtomicBool::new(false), shared: Lock::default(), local: Lock::default() }
    }

    /// Whether the cache does not answer from now on. What it has, it keeps.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// Everything is lost: limits, revocations, entries.
    pub fn flush(&self) {
        *self.shared.get() = Shared::default();
    }

    fn there(&self, operation: &'static str) -> Result<(), PortError> {
        let is_away = self.is_away.load(Ordering::Relaxed);
        if is_away { Err(PortError::new(PortErrorKind::Unavailable, operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl ports::cache::Cache for Cache {
    async fn admit(&self, admission: Admission<'_>) -> Admitted {
        let shared = self.faults.call("cache.admit", || {
            self.there("cache.admit")?;
            Ok::<_, PortError>(self.shared.get().admit(&admission, self.clock.now()))
        });
        match shared.await {
            Ok(admitted) => admitted,
            // The port never fails: its answer says `degraded`.
            Err(_away) => {
                let limit = self.local.get().count(&admission);
                Admitted { limit, revoked: false, found: Lookup::Unknown, degraded: true, shut: false }
            }
        }
    }

    async fn await_fill(&self, tenant: TenantId, key: CacheKey) -> Lookup {
        for _ in 0..LOOKS {
            for _ in 0..TURNS {
                let_others_run().await;
            }
            let look = || {
                self.there("cache.await_fill")?;
                Ok::<_, PortError>(self.shared.get().look((tenant, key), self.clock.now()))
            };
            match self.faults.call("cache.await_fill", look).await {
                Ok(Lookup::Filling) => {}
                Ok(found) => return found,
                Err(_away) => return Lookup::Unknown,
            }
        }
        Lookup::Filling
    }

    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError> {
        let effect = || {
            self.there("cache.put")?;
            self.shared.get().put((tenant, key), entry, self.clock.now());
            Ok(())
        };
        self.faults.call("cache.put", effect).await
    }

    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError> {
        let effect = || {
            self.there("cache.revoke")?;
            self.shared.get().revoke((tenant, revocation), at, self.clock.now());
            Ok(())
        };
        self.faults.call("cache.revoke", effect).await
    }

    async fn ping(&self) -> Result<(), PortError> {
        self.faults.call("cache.ping", || self.there("cache.ping")).await
    }
}

impl Limits {
    fn count(&mut self, admission: &Admission<'_>) -> LimitDecision {
        let Admission { caller, class, quota, cost, key: _, now } = admission;
        let state = self.0.entry((caller.tenant, caller.subject.clone(), *class)).or_default();
        let (next, decision) = decide(*state, *quota, *cost, *now);
        *state = next;
        decision
    }
}

impl Shared {
    fn admit(&mut self, admission: &Admission<'_>, now: Timestamp) -> Admitted {
        let limit = self.limits.count(admission);
        let revoked = self.is_revoked(admission.caller, now);
        let wanted = admission.key.filter(|_| limit.allowed && !revoked);
        let found = wanted.map_or(Lookup::Unknown, |key| self.look((admission.caller.tenant, key), now));
        Admitted { limit, revoked, found, degraded: false, shut: false }
    }

    fn look(&mut self, key: (TenantId, CacheKey), now: Timestamp) -> Lookup {
        let kept = self.entries.get(&key).filter(|kept| kept.live(now).is_some());
        let Some(Expiring { value: entry, expires_at }) = kept else {
            return if self.lease(key, now) { Lookup::Miss } else { Lookup::Filling };
        };
        let (entry, is_due) = (entry.clone(), *expires_at <= now.plus(REFRESHED_BEFORE_END));
        // What is gone stays gone: only bodies are read anew.
        if entry.body.is_some() && is_due && self.lease(key, now) { Lookup::Due(entry) } else { Lookup::Hit(entry) }
    }

    /// Whether nobody had it.
    fn lease(&mut self, key: (TenantId, CacheKey), now: Timestamp) -> bool {
        let is_free = self.leases.get(&key).is_none_or(|lease| lease.live(now).is_none());
        if is_free {
            self.leases.insert(key, Expiring { value: (), expires_at: now.plus(FILL_LEASE) });
        }
        is_free
    }

    fn is_revoked(&self, caller: &Caller, now: Timestamp) -> bool {
        let at = |revocation| self.revocations.get(&(caller.tenant, revocation))?.live(now).copied();
        let by_session = caller.session.and_then(|session| at(Revocation::Session(session)));
        let by_user = caller.subject.parse().ok().and_then(|user| at(Revocation::User(user)));
        // A token's age is known to the second: one of the revocation's own second counts as older.
        let is_older = |at: Timestamp| Timestamp::from_ms(caller.issued_at_seconds.saturating_mul(1_000)) <= at;
        by_session.is_some() || by_user.is_some_and(is_older)
    }

    fn put(&mut self, key: (TenantId, CacheKey), entry: CacheEntry, now: Timestamp) {
        let kept = self.entries.get(&key).and_then(|kept| kept.live(now));
        if kept.is_none_or(|kept| kept.version < entry.version || *kept == entry) {
            self.entries.insert(key, Expiring { value: entry, expires_at: now.plus(ENTRIES_KEPT_FOR) });
        }
    }

    fn revoke(&mut self, key: (TenantId, Revocation), at: Timestamp, now: Timestamp) {
        let kept = self.revocations.get(&key).and_then(|kept| kept.live(now)).copied();
        let latest = kept.map_or(at, |kept| kept.max(at));
        self.revocations
            .insert(key, Expiring { value: latest, expires_at: now.plus(ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY) });
    }
}
