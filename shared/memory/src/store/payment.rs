//! Reading payments.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::ids::{PaymentId, TenantId};
use domain::page::{Page, PageRequest};
use domain::payment::Payment;
use ports::commerce::{Consistency, PaymentFilter, Payments};
use ports::{PortError, PortErrorKind};

use super::page::{by_id, newest_first, page};
use super::{CommerceTable, Store};

#[async_trait]
impl Payments for Store {
    async fn get(
        &self,
        tenant: TenantId,
        id: PaymentId,
        consistency: Consistency,
    ) -> Result<Option<Payment>, PortError> {
        let effect = |is_stale: bool| {
            let (table, place) = (self.commerce.get(), (tenant, id));
            let is_behind = is_stale && consistency == Consistency::Eventual;
            let before = table.payments_before.get(&place).filter(|_| is_behind);
            Ok(before.map_or_else(|| table.payments.get(&place).cloned(), Clone::clone))
        };
        self.faults.call_read("payments.get", effect).await
    }

    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<PaymentId>,
        _: Consistency,
    ) -> Result<Vec<Payment>, PortError> {
        let find = |table: &CommerceTable, id| table.payments.get(&(tenant, id)).cloned();
        self.get_batch("payments.get_many", &self.commerce, ids, find).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &PaymentFilter,
        request: PageRequest<PaymentId>,
        consistency: Consistency,
    ) -> Result<Page<Payment, PaymentId>, PortError> {
        const OPERATION: &str = "payments.list";
        let effect = |is_stale: bool| {
            if filter.status.is_some() && consistency == Consistency::Strong {
                return Err(PortError::new(PortErrorKind::Rejected, OPERATION));
            }
            let (table, is_behind) = (self.commerce.get(), is_stale && consistency == Consistency::Eventual);
            let shown = newest_first(&table.payments, tenant).filter_map(|(id, payment)| {
                let before = table.payments_before.get(&(tenant, id)).filter(|_| is_behind);
                Some((id, before.map_or(Some(payment), Option::as_ref)?))
            });
            Ok(page(shown.filter(|(_, payment)| matches(payment, filter)), request, by_id))
        };
        self.faults.call_read(OPERATION, effect).await
    }
}

fn matches(payment: &Payment, filter: &PaymentFilter) -> bool {
    let PaymentFilter { status, from, to } = filter;
    status.is_none_or(|status| payment.status == status)
        && from.is_none_or(|from| from <= payment.created_at)
        && to.is_none_or(|to| payment.created_at < to)
}
