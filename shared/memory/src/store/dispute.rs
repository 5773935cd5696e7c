//! Reading disputes.

use async_trait::async_trait;
use domain::dispute::{Dispute, DisputeStatus};
use domain::ids::{DisputeId, TenantId};
use domain::page::{Page, PageRequest};
use ports::PortError;
use ports::commerce::{Consistency, Disputes};

use super::Store;
use super::page::{by_id, page};

#[async_trait]
impl Disputes for Store {
    async fn get(&self, tenant: TenantId, id: DisputeId, _: Consistency) -> Result<Option<Dispute>, PortError> {
        self.faults.call("disputes.get", || Ok(self.commerce.get().disputes.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        status: Option<DisputeStatus>,
        request: PageRequest<DisputeId>,
    ) -> Result<Page<Dispute, DisputeId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_tenant = (tenant, DisputeId::from_u128(0))..=(tenant, DisputeId::from_u128(u128::MAX));
            let newest_first = table.disputes.range(of_tenant).rev().map(|((_, id), dispute)| (*id, dispute));
            let fitting = newest_first.filter(|(_, dispute)| status.is_none_or(|status| dispute.status == status));
            Ok(page(fitting, request, by_id))
        };
        self.faults.call("disputes.list", effect).await
    }
}
