//! What tenants have spent on models, and what they allow themselves.

use async_trait::async_trait;
use domain::allowance::{ExtractionSettings, Month, Spending};
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::extraction::Allowances;

use super::Store;

#[async_trait]
impl Allowances for Store {
    async fn spent(&self, tenant: TenantId, month: Month) -> Result<Spending, PortError> {
        let effect = || Ok(self.platform.get().allowances.get(&(tenant, month)).copied().unwrap_or_default());
        self.faults.call("allowances.spent", effect).await
    }

    async fn settings(&self, tenant: TenantId, _: Consistency) -> Result<Option<ExtractionSettings>, PortError> {
        let effect = || Ok(self.platform.get().extraction_settings.get(&tenant).copied());
        self.faults.call("allowances.settings", effect).await
    }

    async fn put_settings(&self, tenant: TenantId, settings: &ExtractionSettings) -> Result<bool, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let present = table.extraction_settings.get(&tenant).map_or(0, |present| present.version);
            if present + 1 != settings.version {
                return Ok(false);
            }
            table.extraction_settings.insert(tenant, *settings);
            table.stream.push_other();
            Ok(true)
        };
        self.faults.call("allowances.put_settings", effect).await
    }
}

impl Store {
    /// Of all tenants and months, for checking what must hold of the whole.
    pub fn allowances(&self) -> Vec<(TenantId, Month, Spending)> {
        let table = self.platform.get();
        table.allowances.iter().map(|((tenant, month), spent)| (*tenant, *month, *spent)).collect()
    }

    pub fn extraction_settings(&self, tenant: TenantId) -> ExtractionSettings {
        self.platform.get().extraction_settings.get(&tenant).copied().unwrap_or_default()
    }
}
