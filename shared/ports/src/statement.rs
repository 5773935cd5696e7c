//! Providers' statements, and what providers' references stand for.

use std::ops::Range;

use async_trait::async_trait;
use domain::ids::{DisputeId, PaymentId, RefundId, StatementId, TenantId};
use domain::page::{Page, PageRequest};
use domain::statement::{Difference, Reference, Statement, StatementLine};
use domain::time::Timestamp;

use crate::PortError;
use crate::commerce::Consistency;

/// How many differences one read gives.
pub const DIFFERENCES_MAX: u32 = 100;

#[async_trait]
pub trait Statements: Send + Sync {
    async fn get(
        &self,
        tenant: TenantId,
        id: StatementId,
        consistency: Consistency,
    ) -> Result<Option<Statement>, PortError>;

    /// Newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<StatementId>,
    ) -> Result<Page<Statement, StatementId>, PortError>;

    /// All lines of a statement, in their order. Strongly consistent.
    async fn lines(&self, tenant: TenantId, id: StatementId) -> Result<Vec<StatementLine>, PortError>;

    /// Those of a statement's differences that lie in the range, counted from 0 in their order, by one query. At most
    /// [`DIFFERENCES_MAX`], else `Rejected`; none of none, without a read.
    async fn differences(
        &self,
        tenant: TenantId,
        id: StatementId,
        range: Range<u32>,
    ) -> Result<Vec<Difference>, PortError>;

    /// Across tenants: those whose `check_at` is at or before `now`, oldest first, at most about `limit`.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, StatementId)>, PortError>;
}

/// What has a provider's reference. Refunds are found below their payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Referenced {
    Payment(PaymentId),
    Refund(PaymentId, RefundId),
    Dispute(DisputeId),
}

#[async_trait]
pub trait ProviderReferences: Send + Sync {
    /// All of the tenant's payments, refunds and disputes that a provider calls so, in any order, by one query; eventually
    /// consistent. What no provider has part in has no reference of one.
    async fn referenced(&self, tenant: TenantId, reference: &Reference) -> Result<Vec<Referenced>, PortError>;
}
