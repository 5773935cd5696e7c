//! Where secrets of tenants are kept so that storage alone gives none of them away: sealed under a key that never leaves
//! its place.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::secret::{Sealed, Secret};

use crate::PortError;

/// Whose secret it is and what for. It is bound to what is sealed, so that a sealed secret that was copied to another
/// tenant's row, or to another purpose, cannot be opened there. No secret itself: it may stand in the key's own log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Purpose {
    pub tenant: TenantId,
    /// Such as `provider/stripe/api_key`.
    pub name: String,
}

/// The longest text that is sealed, in bytes.
pub const SECRET_LEN_MAX: usize = 4_096;

#[async_trait]
pub trait Vault: Send + Sync {
    /// The same secret sealed twice is not the same bytes. `Rejected` for one of more than [`SECRET_LEN_MAX`].
    async fn seal(&self, purpose: &Purpose, secret: &Secret) -> Result<Sealed, PortError>;

    /// `Rejected` for what was sealed for another purpose, and for bytes that were changed or never sealed.
    async fn open(&self, purpose: &Purpose, sealed: &Sealed) -> Result<Secret, PortError>;
}
