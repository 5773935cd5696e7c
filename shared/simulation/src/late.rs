//! Stands before the ports that write and lets some calls arrive late: the caller is told of a time-out and has long given
//! up when the call takes effect. When, and whether it does, is decided by who takes it from here.

#[path = "late_platform.rs"]
mod platform;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::dispute::DisputeReport;
use domain::event::{Notice, Queue};
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::money::Money;
use domain::payment::Verdict;
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use domain::time::Timestamp;
use fastrand::Rng;
use ports::cache::{Admission, Admitted, Cache, CacheEntry, CacheKey, Lookup, Revocation};
use ports::commerce::{Commerce, Commit, CommitError};
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};
use ports::queues::Queues;
use ports::{PortError, PortErrorKind};

use self::platform::{LateBlobs, LateParts, LatePlatform};
use crate::world::Wiring;

/// A call on its way, by the name of its operation.
pub struct LateCall {
    pub operation: &'static str,
    pub call: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// What the late adapters of one world share.
pub struct Late(Mutex<State>);

struct State {
    per_thousand: u16,
    random: Rng,
    calls: Vec<LateCall>,
}

impl Late {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(State { per_thousand: 0, random: Rng::with_seed(seed), calls: Vec::new() }))
    }

    /// Of calls that write, from now on.
    pub fn delay_by_chance(&self, per_thousand: u16) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).per_thousand = per_thousand;
    }

    /// Those that are on their way since the last time this was asked.
    pub fn take(&self) -> Vec<LateCall> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).calls)
    }

    /// Whether the call that `call` makes is one of the late; then it is on its way.
    pub(super) fn takes<F: Future<Output = ()> + Send + 'static>(
        &self,
        operation: &'static str,
        call: impl FnOnce() -> F,
    ) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { per_thousand, random, calls } = &mut *state;
        let is_late = *per_thousand > 0 && random.u16(..1_000) < *per_thousand;
        if is_late {
            calls.push(LateCall { operation, call: Box::pin(call()) });
        }
        is_late
    }

    pub(crate) fn before(self: &Arc<Self>, wiring: Wiring) -> Wiring {
        let Wiring {
            store,
            commerce,
            cache,
            queues,
            provider,
            due,
            platform,
            jobs,
            deliveries,
            sockets,
            feeds,
            blobs,
            parts,
        } = wiring;
        Wiring {
            store,
            commerce: Arc::new(LateCommerce(self.clone(), commerce)),
            cache: Arc::new(LateCache(self.clone(), cache)),
            queues: Arc::new(LateQueues(self.clone(), queues)),
            provider: Arc::new(LateProvider(self.clone(), provider)),
            due,
            platform: Arc::new(LatePlatform(self.clone(), platform)),
            jobs,
            deliveries,
            sockets,
            feeds,
            blobs: Arc::new(LateBlobs(self.clone(), blobs)),
            parts: Arc::new(LateParts(self.clone(), parts)),
        }
    }
}

pub(super) fn timed_out(operation: &'static str) -> PortError {
    PortError::new(PortErrorKind::TimedOut, operation)
}

struct LateCommerce(Arc<Late>, Arc<dyn Commerce>);

#[async_trait]
impl Commerce for LateCommerce {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        const OPERATION: &str = "commerce.commit";
        let (next, copy) = (&self.1, &commit);
        let late = || {
            let (next, commit) = (next.clone(), copy.clone());
            async move { drop(next.commit(commit).await) }
        };
        if self.0.takes(OPERATION, late) { Err(timed_out(OPERATION).into()) } else { self.1.commit(commit).await }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.1.find_record(tenant, claim, now).await
    }
}

struct LateCache(Arc<Late>, Arc<dyn Cache>);

#[async_trait]
impl Cache for LateCache {
    async fn admit(&self, admission: Admission<'_>) -> Admitted {
        self.1.admit(admission).await
    }

    async fn await_fill(&self, tenant: TenantId, key: CacheKey) -> Lookup {
        self.1.await_fill(tenant, key).await
    }

    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError> {
        const OPERATION: &str = "cache.put";
        let late = || {
            let (next, entry) = (self.1.clone(), entry.clone());
            async move { drop(next.put(tenant, key, entry).await) }
        };
        if self.0.takes(OPERATION, late) { Err(timed_out(OPERATION)) } else { self.1.put(tenant, key, entry).await }
    }

    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError> {
        const OPERATION: &str = "cache.revoke";
        let late = || {
            let next = self.1.clone();
            async move { drop(next.revoke(tenant, revocation, at).await) }
        };
        if self.0.takes(OPERATION, late) {
            Err(timed_out(OPERATION))
        } else {
            self.1.revoke(tenant, revocation, at).await
        }
    }

    async fn ping(&self) -> Result<(), PortError> {
        self.1.ping().await
    }
}

struct LateQueues(Arc<Late>, Arc<dyn Queues>);

#[async_trait]
impl Queues for LateQueues {
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError> {
        const OPERATION: &str = "queues.send";
        let late = || {
            let (next, notices) = (self.1.clone(), notices.to_vec());
            async move { drop(next.send_after(queue, wait, &notices).await) }
        };
        if self.0.takes(OPERATION, late) {
            Err(timed_out(OPERATION))
        } else {
            self.1.send_after(queue, wait, notices).await
        }
    }
}

struct LateProvider(Arc<Late>, Arc<dyn PaymentProvider>);

#[async_trait]
impl PaymentProvider for LateProvider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        let late = || {
            let (next, charge) = (self.1.clone(), charge.clone());
            async move { drop(next.charge(&charge).await) }
        };
        if self.0.takes("provider.charge", late) { Err(ProviderError::TimedOut) } else { self.1.charge(charge).await }
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        self.1.find_charge(charge).await
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        let late = || {
            let (next, charge) = (self.1.clone(), charge.clone());
            async move { drop(next.capture_charge(&charge, money).await) }
        };
        if self.0.takes("provider.capture_charge", late) {
            Err(ProviderError::TimedOut)
        } else {
            self.1.capture_charge(charge, money).await
        }
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        self.1.cancel_charge(charge).await
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        self.1.find_disputes(charge).await
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        self.1.answer_dispute(reference, evidence).await
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        let late = || {
            let (next, refund) = (self.1.clone(), refund.clone());
            async move { drop(next.refund(&refund).await) }
        };
        if self.0.takes("provider.refund", late) { Err(ProviderError::TimedOut) } else { self.1.refund(refund).await }
    }

    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        self.1.find_refund(refund).await
    }
}
