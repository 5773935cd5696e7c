//! Connections to payment providers by tenant.

use async_trait::async_trait;
use domain::connection::Connections;
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::connections::Connections as ConnectionsPort;

use super::Store;

#[async_trait]
impl ConnectionsPort for Store {
    async fn get(&self, tenant: TenantId, _consistency: Consistency) -> Result<Connections, PortError> {
        let effect =
            || Ok(self.commerce.get().connections.get(&tenant).cloned().unwrap_or_else(|| Connections::none(tenant)));
        self.faults.call("connections.get", effect).await
    }
}
