//! Connections to payment providers by tenant.

use async_trait::async_trait;
use domain::connection::Connections;
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::connections::{ConnectionError, Connections as ConnectionsPort};

use super::Store;

#[async_trait]
impl ConnectionsPort for Store {
    async fn get(&self, tenant: TenantId, _consistency: Consistency) -> Result<Connections, PortError> {
        let effect =
            || Ok(self.commerce.get().connections.get(&tenant).cloned().unwrap_or_else(|| Connections::none(tenant)));
        self.faults.call("connections.get", effect).await
    }

    async fn put(&self, connections: &Connections) -> Result<(), ConnectionError> {
        let effect = || {
            let mut table = self.commerce.get();
            let stored = table.connections.get(&connections.tenant).map_or(0, |stored| stored.version);
            if stored + 1 != connections.version {
                return Err(ConnectionError::Stale);
            }
            table.connections.insert(connections.tenant, connections.clone());
            table.stream.push_other();
            Ok(())
        };
        self.faults.call("connections.put", effect).await
    }
}
