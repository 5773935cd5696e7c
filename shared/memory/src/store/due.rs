//! What the sweeper looks for, across tenants: oldest first, as an index of one shard.

use async_trait::async_trait;
use domain::ids::{DisputeId, EventId, PaymentId, RefundId, TenantId};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Due;

use super::Store;

#[async_trait]
impl Due for Store {
    async fn payments(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.payments.iter().map(|(place, payment)| (payment.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("due.payments", effect).await
    }

    async fn refunds(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId, RefundId)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.refunds.iter().map(|(place, refund)| (refund.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("due.refunds", effect).await
    }

    async fn disputes(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, DisputeId)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.disputes.iter().map(|(place, dispute)| (dispute.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("due.disputes", effect).await
    }

    async fn events(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, EventId)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.unpublished.iter().map(|(overdue_at, tenant, id)| (Some(*overdue_at), (*tenant, *id)));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("due.events", effect).await
    }
}

pub(super) fn oldest_first<T: Ord>(
    rows: impl Iterator<Item = (Option<Timestamp>, T)>,
    now: Timestamp,
    limit: usize,
) -> Vec<T> {
    let mut due: Vec<(Timestamp, T)> = rows.filter_map(|(at, row)| Some((at.filter(|at| *at <= now)?, row))).collect();
    due.sort_unstable();
    due.into_iter().take(limit).map(|(_, row)| row).collect()
}
