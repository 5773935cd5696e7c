//! Passwords and token signatures.

use async_trait::async_trait;
use domain::identity::Password;
use domain::secret::Secret;

use crate::PortError;

/// Takes tens of milliseconds of CPU by design.
pub trait PasswordHasher: Send + Sync {
    /// A salted hash in PHC string format.
    fn hash(&self, password: &Password) -> Result<Secret, PortError>;

    /// Takes as long for `None` (no such user) as for a wrong password.
    fn verify(&self, password: &str, hash: Option<&Secret>) -> Result<bool, PortError>;
}

/// The public half of a signing key: a point on P-256, as big-endian coordinates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The RFC 7638 thumbprint of the key.
    pub id: String,
    pub x: [u8; 32],
    pub y: [u8; 32],
}

/// An ECDSA P-256 key that never leaves its place.
#[async_trait]
pub trait TokenKey: Send + Sync {
    async fn public_key(&self) -> Result<PublicKey, PortError>;

    /// Signs a SHA-256 digest: r and s as 32 big-endian bytes each, as JWS wants them (RFC 7518, section 3.4).
    async fn sign(&self, digest: [u8; 32]) -> Result<[u8; 64], PortError>;
}
