//! Reading refunds, below their payment.

use async_trait::async_trait;
use domain::ids::{PaymentId, RefundId, TenantId};
use domain::page::{Page, PageRequest};
use domain::refund::Refund;
use ports::PortError;
use ports::commerce::{Consistency, Refunds};

use super::Store;
use super::page::{by_id, page};

#[async_trait]
impl Refunds for Store {
    async fn get(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        id: RefundId,
        _: Consistency,
    ) -> Result<Option<Refund>, PortError> {
        self.faults.call("refunds.get", || Ok(self.commerce.get().refunds.get(&(tenant, payment, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        request: PageRequest<RefundId>,
    ) -> Result<Page<Refund, RefundId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_payment =
                (tenant, payment, RefundId::from_u128(0))..=(tenant, payment, RefundId::from_u128(u128::MAX));
            let newest_first = table.refunds.range(of_payment).rev().map(|((_, _, id), refund)| (*id, refund));
            Ok(page(newest_first, request, by_id))
        };
        self.faults.call("refunds.list", effect).await
    }
}
