//! Queues that lose, a cache that is not told or forgets what is newer, a sweeper that overlooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coffer_simulation::Wiring;
use domain::event::{Notice, Queue};
use domain::ids::{DisputeId, EventId, PaymentId, RefundId, TenantId};
use domain::time::Timestamp;
use ports::PortError;
use ports::cache::{Admission, Admitted, Cache, CacheEntry, CacheKey, Lookup, Revocation};
use ports::commerce::Due;
use ports::queues::Queues;

use super::Mutation;

struct Lossy {
    next: Arc<dyn Queues>,
    /// One of so many calls is lost; none: only those that fail are, and are taken for sent.
    loses_each: Option<u64>,
    calls: AtomicU64,
}

#[async_trait]
impl Queues for Lossy {
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.loses_each {
            Some(each) if call.is_multiple_of(each) => Ok(()),
            Some(_) => self.next.send_after(queue, wait, notices).await,
            None => {
                drop(self.next.send_after(queue, wait, notices).await);
                Ok(())
            }
        }
    }
}

fn lossy(wiring: Wiring, loses_each: Option<u64>) -> Wiring {
    let next = wiring.queues.clone();
    Wiring { queues: Arc::new(Lossy { next, loses_each, calls: AtomicU64::new(0) }), ..wiring }
}

struct Careless {
    next: Arc<dyn Cache>,
    bug: CacheBug,
    puts: AtomicU64,
}

#[derive(Clone, Copy, PartialEq)]
enum CacheBug {
    LastPutWins,
    NotToldOfPayments,
    ForgetsRevocations,
    KnowsNoTenants,
}

/// Beyond the versions of any run: what is above counts the puts.
const VERSIONS: u64 = 1 << 32;

#[async_trait]
impl Cache for Careless {
    async fn admit(&self, admission: Admission<'_>) -> Admitted {
        let mut admitted = self.next.admit(admission).await;
        if self.bug == CacheBug::LastPutWins {
            admitted.found = plain(admitted.found);
        }
        admitted
    }

    async fn await_fill(&self, tenant: TenantId, key: CacheKey) -> Lookup {
        let found = self.next.await_fill(tenant, key).await;
        if self.bug == CacheBug::LastPutWins { plain(found) } else { found }
    }

    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError> {
        let CacheEntry { version, body } = entry;
        match (self.bug, key) {
            (CacheBug::LastPutWins, _) => {
                let puts = self.puts.fetch_add(1, Ordering::Relaxed) + 1;
                self.next.put(tenant, key, CacheEntry { version: puts * VERSIONS + version, body }).await
            }
            (CacheBug::NotToldOfPayments, CacheKey::Payment(_)) if version > 1 => Ok(()),
            _ => self.next.put(tenant, key, CacheEntry { version, body }).await,
        }
    }

    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError> {
        match self.bug {
            CacheBug::ForgetsRevocations => Ok(()),
            CacheBug::KnowsNoTenants => self.next.revoke(TenantId::from_u128(0), revocation, at).await,
            _ => self.next.revoke(tenant, revocation, at).await,
        }
    }

    async fn ping(&self) -> Result<(), PortError> {
        self.next.ping().await
    }
}

/// With the version that was put.
fn plain(found: Lookup) -> Lookup {
    let entry = |entry: CacheEntry| CacheEntry { version: entry.version % VERSIONS, ..entry };
    match found {
        Lookup::Hit(found) => Lookup::Hit(entry(found)),
        Lookup::Due(found) => Lookup::Due(entry(found)),
        other => other,
    }
}

fn careless(wiring: Wiring, bug: CacheBug) -> Wiring {
    let next = wiring.cache.clone();
    Wiring { cache: Arc::new(Careless { next, bug, puts: AtomicU64::new(0) }), ..wiring }
}

struct Overlooking {
    next: Arc<dyn Due>,
    overlooks: Overlooked,
}

#[derive(Clone, Copy, PartialEq)]
enum Overlooked {
    Payments,
    Refunds,
    Events,
}

#[async_trait]
impl Due for Overlooking {
    async fn payments(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId)>, PortError> {
        let limit = if self.overlooks == Overlooked::Payments { 0 } else { limit };
        self.next.payments(now, limit).await
    }

    async fn refunds(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId, RefundId)>, PortError> {
        let limit = if self.overlooks == Overlooked::Refunds { 0 } else { limit };
        self.next.refunds(now, limit).await
    }

    async fn disputes(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, DisputeId)>, PortError> {
        self.next.disputes(now, limit).await
    }

    async fn events(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, EventId)>, PortError> {
        let limit = if self.overlooks == Overlooked::Events { 0 } else { limit };
        self.next.events(now, limit).await
    }
}

fn overlooking(wiring: Wiring, overlooks: Overlooked) -> Wiring {
    let next = wiring.due.clone();
    Wiring { due: Arc::new(Overlooking { next, overlooks }), ..wiring }
}

pub const ALL: &[Mutation] = &[
    Mutation { name: "one of twenty messages is lost", rewire: |wiring| lossy(wiring, Some(20)) },
    Mutation { name: "a message that could not be sent is taken for sent", rewire: |wiring| lossy(wiring, None) },
    Mutation {
        name: "an old version is written over a newer one in the cache",
        rewire: |wiring| careless(wiring, CacheBug::LastPutWins),
    },
    Mutation {
        name: "the cache is not told what becomes of payments",
        rewire: |wiring| careless(wiring, CacheBug::NotToldOfPayments),
    },
    Mutation {
        name: "ended sessions are not remembered",
        rewire: |wiring| careless(wiring, CacheBug::ForgetsRevocations),
    },
    Mutation {
        name: "ended sessions are remembered for another tenant",
        rewire: |wiring| careless(wiring, CacheBug::KnowsNoTenants),
    },
    Mutation { name: "the sweeper overlooks payments", rewire: |wiring| overlooking(wiring, Overlooked::Payments) },
    Mutation { name: "the sweeper overlooks refunds", rewire: |wiring| overlooking(wiring, Overlooked::Refunds) },
    Mutation { name: "the sweeper overlooks events", rewire: |wiring| overlooking(wiring, Overlooked::Events) },
];
