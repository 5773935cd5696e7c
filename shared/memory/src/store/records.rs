//! Idempotency records of one table, by tenant, route and key.

use std::collections::HashMap;

use domain::idempotency::{Claim, IdempotencyKey, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Records(HashMap<(TenantId, String, IdempotencyKey), Record>);

impl Records {
    /// The record that stands against a claim.
    pub(super) fn live(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Option<&Record> {
        self.0.get(&place(tenant, claim)).filter(|record| record.is_live(now))
    }

    pub(super) fn insert(&mut self, tenant: TenantId, record: Record) {
        self.0.insert(place(tenant, &record.claim), record);
    }

    pub(super) fn delete_expired(&mut self, now: Timestamp) {
        self.0.retain(|_, record| record.is_live(now));
    }
}

fn place(tenant: TenantId, claim: &Claim) -> (TenantId, String, IdempotencyKey) {
    let Claim { route, key, fingerprint: _ } = claim;
    (tenant, route.clone(), key.clone())
}
