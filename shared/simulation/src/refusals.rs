//! Stands before the provider and refuses refunds and captures, or takes its time over refunds, which the memory provider
//! never does as long as there is money to send back or to take. What was decided on a key stays decided.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::dispute::DisputeReport;
use domain::money::Money;
use domain::payment::{DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use fastrand::Rng;
use memory::Provider;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};

pub struct Refusals {
    provider: Arc<Provider>,
    decisions: Mutex<Decisions>,
    takes_its_time: AtomicBool,
}

struct Decisions {
    per_thousand: u16,
    random: Rng,
    refused: BTreeMap<String, bool>,
}

impl Refusals {
    pub(crate) fn before(provider: Arc<Provider>, seed: u64) -> Self {
        let decisions = Decisions { per_thousand: 0, random: Rng::with_seed(seed), refused: BTreeMap::new() };
        Self { provider, decisions: Mutex::new(decisions), takes_its_time: AtomicBool::new(false) }
    }

    /// Of refunds, and amounts to capture, that are new from now on; 1,000 is every one.
    pub fn refuse_by_chance(&self, per_thousand: u16) {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner).per_thousand = per_thousand;
    }

    /// While it does, refunds are made and not told of yet.
    pub fn take_time(&self, takes_its_time: bool) {
        self.takes_its_time.store(takes_its_time, Ordering::Relaxed);
    }

    fn told(&self, verdict: RefundVerdict) -> RefundVerdict {
        match verdict {
            RefundVerdict::Succeeded { reference } if self.takes_its_time.load(Ordering::Relaxed) => {
                RefundVerdict::Pending { reference }
            }
            verdict => verdict,
        }
    }

    fn decide(&self, key: &str) -> bool {
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        let Decisions { per_thousand, random, refused } = &mut *decisions;
        *refused.entry(key.to_owned()).or_insert_with(|| random.u16(..1_000) < *per_thousand)
    }

    pub(crate) fn has_refused(&self, key: &str) -> bool {
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        decisions.refused.get(key).copied().unwrap_or(false)
    }
}

const REFUSED: RefundVerdict = RefundVerdict::Refused { code: DeclineCode::Other };

#[async_trait]
impl PaymentProvider for Refusals {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        self.provider.charge(charge).await
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        self.provider.find_charge(charge).await
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        let is_held = self.provider.charge_on_file(&charge.key).is_some_and(|file| file.is_held());
        if is_held && self.decide(&format!("{}-capture-{}", charge.key, money.amount.get())) {
            return Err(ProviderError::Refused(DeclineCode::InvalidAmount));
        }
        self.provider.capture_charge(charge, money).await
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        self.provider.cancel_charge(charge).await
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        self.provider.find_disputes(charge).await
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        self.provider.answer_dispute(reference, evidence).await
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        if self.decide(&refund.key) { Ok(REFUSED) } else { self.provider.refund(refund).await.map(|it| self.told(it)) }
    }

    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        let found = self.provider.find_refund(refund).await?;
        Ok(if self.has_refused(&refund.key) { Some(REFUSED) } else { found.map(|it| self.told(it)) })
    }
}
