//! The book in memory, for tests. One lock, so every method is atomic; it never fails.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::PortError;

use crate::{Book, Charge, Entered, Key, Refund, RefundStatus, Step};

#[derive(Debug, Default)]
pub struct MemoryBook(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    charges: BTreeMap<Key, Charge>,
    calls: BTreeMap<Key, u32>,
    refunds: BTreeMap<Key, Refund>,
}

impl MemoryBook {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Book for MemoryBook {
    async fn enter_charge(&self, charge: &Charge) -> Result<Option<Charge>, PortError> {
        let mut pages = self.pages();
        let before = pages.charges.get(&charge.key).cloned();
        if before.is_none() {
            pages.charges.insert(charge.key.clone(), charge.clone());
        }
        Ok(before)
    }

    async fn charge(&self, key: &Key) -> Result<Option<Charge>, PortError> {
        Ok(self.pages().charges.get(key).cloned())
    }

    async fn take_step(&self, key: &Key, step: Step) -> Result<Option<Charge>, PortError> {
        let mut pages = self.pages();
        let Some(charge) = pages.charges.get_mut(key) else { return Ok(None) };
        if let Some(next) = charge.after(step) {
            *charge = next;
        }
        Ok(Some(charge.clone()))
    }

    async fn count_call(&self, key: &Key) -> Result<u32, PortError> {
        let mut pages = self.pages();
        let calls = pages.calls.entry(key.clone()).or_default();
        *calls += 1;
        Ok(*calls)
    }

    async fn enter_refund(&self, refund: &Refund) -> Result<Entered, PortError> {
        let mut pages = self.pages();
        if let Some(before) = pages.refunds.get(&refund.key) {
            return Ok(Entered::Before(before.clone()));
        }
        if refund.status == RefundStatus::Succeeded {
            let amount = refund.money.amount.get();
            let charge = pages.charges.get_mut(&refund.charge).filter(|charge| charge.refundable() >= amount);
            let Some(charge) = charge else { return Ok(Entered::Exceeded) };
            charge.refunded += amount;
        }
        pages.refunds.insert(refund.key.clone(), refund.clone());
        Ok(Entered::Now)
    }

    async fn refund(&self, key: &Key) -> Result<Option<Refund>, PortError> {
        Ok(self.pages().refunds.get(key).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn the_contract() {
        contract::all(&MemoryBook::default(), "memory").await;
    }
}
