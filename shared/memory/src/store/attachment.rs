//! Reading what is attached to an order.

use async_trait::async_trait;
use domain::attachment::Attachment;
use domain::ids::{OrderId, TenantId};
use ports::PortError;
use ports::platform::Attachments;

use super::Store;

#[async_trait]
impl Attachments for Store {
    async fn of_order(&self, tenant: TenantId, order: OrderId) -> Result<Vec<Attachment>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let of_order = table.attachments.values().filter(|it| (it.tenant, it.order) == (tenant, order));
            let mut found: Vec<Attachment> = of_order.copied().collect();
            found.sort_unstable_by_key(|attachment| attachment.id);
            Ok(found)
        };
        self.faults.call("attachments.of_order", effect).await
    }
}
