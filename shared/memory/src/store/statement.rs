//! Reading statements, and finding what has a provider's reference by looking at all there is.

use std::ops::Range;

use async_trait::async_trait;
use domain::ids::{StatementId, TenantId};
use domain::ledger::Source;
use domain::page::{Page, PageRequest};
use domain::statement::{Difference, Reference, Statement, StatementLine};
use domain::time::Timestamp;
use ports::commerce::Consistency;
use ports::statement::{DIFFERENCES_MAX, ProviderReferences, Referenced, Statements};
use ports::{PortError, PortErrorKind};

use super::Store;
use super::due::oldest_first;
use super::page::{by_id, newest_first, page};

const DIFFERENCES: &str = "statements.differences";

#[async_trait]
impl Statements for Store {
    async fn get(&self, tenant: TenantId, id: StatementId, _: Consistency) -> Result<Option<Statement>, PortError> {
        self.faults.call("statements.get", || Ok(self.commerce.get().statements.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        request: PageRequest<StatementId>,
    ) -> Result<Page<Statement, StatementId>, PortError> {
        let effect = || Ok(page(newest_first(&self.commerce.get().statements, tenant), request, by_id));
        self.faults.call("statements.list", effect).await
    }

    async fn lines(&self, tenant: TenantId, id: StatementId) -> Result<Vec<StatementLine>, PortError> {
        let effect = || Ok(self.commerce.get().statement_lines.get(&(tenant, id)).cloned().unwrap_or_default());
        self.faults.call("statements.lines", effect).await
    }

    async fn differences(
        &self,
        tenant: TenantId,
        id: StatementId,
        range: Range<u32>,
    ) -> Result<Vec<Difference>, PortError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let effect = || {
            if range.end - range.start > DIFFERENCES_MAX {
                return Err(PortError::new(PortErrorKind::Rejected, DIFFERENCES));
            }
            let table = self.commerce.get();
            let all = table.differences.get(&(tenant, id)).into_iter().flatten();
            let count = (range.end - range.start) as usize;
            Ok(all.skip(range.start as usize).take(count).cloned().collect())
        };
        self.faults.call(DIFFERENCES, effect).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, StatementId)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.statements.iter().map(|(place, statement)| (statement.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("statements.due", effect).await
    }
}

#[async_trait]
impl ProviderReferences for Store {
    async fn referenced(&self, tenant: TenantId, reference: &Reference) -> Result<Vec<Referenced>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let is_it = |name: &str, own: Source| name == reference.as_str() && name != own.to_string();
            let payments = table.payments.values().filter(|payment| {
                let name = payment.provider_reference.as_deref();
                payment.tenant == tenant && name.is_some_and(|name| is_it(name, Source::Charge(payment.id)))
            });
            let refunds = table.refunds.values().filter(|refund| {
                let name = refund.provider_reference.as_deref();
                refund.tenant == tenant && name.is_some_and(|name| is_it(name, Source::Refund(refund.id)))
            });
            let disputes = table.disputes.values();
            let disputes = disputes.filter(|it| it.tenant == tenant && it.provider_reference == reference.as_str());
            Ok(payments
                .map(|payment| Referenced::Payment(payment.id))
                .chain(refunds.map(|refund| Referenced::Refund(refund.payment, refund.id)))
                .chain(disputes.map(|dispute| Referenced::Dispute(dispute.id)))
                .collect())
        };
        self.faults.call("provider_references.referenced", effect).await
    }
}
