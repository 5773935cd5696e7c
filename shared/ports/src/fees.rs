//! What a tenant's payments cost the merchant.

use async_trait::async_trait;
use domain::fee::FeeSettings;
use domain::ids::TenantId;

use crate::PortError;
use crate::commerce::Consistency;

#[async_trait]
pub trait Fees: Send + Sync {
    /// `None` where nothing was ever set.
    async fn get(&self, tenant: TenantId, consistency: Consistency) -> Result<Option<FeeSettings>, PortError>;

    /// In the place of what was set before. The last one stands.
    async fn put(&self, settings: &FeeSettings) -> Result<(), PortError>;
}
