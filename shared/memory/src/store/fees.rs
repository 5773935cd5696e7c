//! The fee settings of tenants.

use async_trait::async_trait;
use domain::fee::FeeSettings;
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::fees::Fees;

use super::Store;

#[async_trait]
impl Fees for Store {
    async fn get(&self, tenant: TenantId, _: Consistency) -> Result<Option<FeeSettings>, PortError> {
        self.faults.call("fees.get", || Ok(self.commerce.get().fees.get(&tenant).cloned())).await
    }

    async fn put(&self, settings: &FeeSettings) -> Result<(), PortError> {
        let effect = || {
            let mut table = self.commerce.get();
            table.fees.insert(settings.tenant, settings.clone());
            table.stream.push_other();
            Ok(())
        };
        self.faults.call("fees.put", effect).await
    }
}
