//! Which accounts with payment providers a tenant has, and how they are reached.

use std::sync::Arc;

use async_trait::async_trait;
use domain::connection::{Connections as Connected, ProviderName};
use domain::ids::TenantId;
use domain::secret::Secret;

use crate::PortError;
use crate::commerce::Consistency;
use crate::provider::{PaymentProvider, ProviderError, ProviderEvents};

#[async_trait]
pub trait Connections: Send + Sync {
    /// All of a tenant's; of one that never connected any, [`Connected::none`].
    async fn get(&self, tenant: TenantId, consistency: Consistency) -> Result<Connected, PortError>;
}

/// Makes what talks to a provider. Nothing connects before its first call.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Whether the stack has a provider of play money, for tenants that have connected none.
    fn has_sandbox(&self) -> bool;

    /// `key` is the tenant's own; none for the sandbox. `Rejected` for a key that no header can carry, and for a sandbox
    /// that is not there.
    fn provider(&self, name: ProviderName, key: Option<&Secret>) -> Result<Arc<dyn PaymentProvider>, PortError>;

    /// How events of a tenant's own account are read; `secret` is what the account signs them with.
    fn events(&self, name: ProviderName, key: &Secret, secret: &Secret) -> Result<Arc<dyn ProviderEvents>, PortError>;

    /// The account that a key opens, by the provider's name for it. `KeyRefused` for a key that opens none.
    async fn account(&self, name: ProviderName, key: &Secret) -> Result<String, ProviderError>;
}
