//! Passwords and token signatures.

use async_trait::async_trait;
use domain::access::Caller;
use domain::identity::Password;
use domain::ids::{SessionId, TenantId};
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

/// A refresh token and what storage keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub tenant: TenantId,
    pub session: SessionId,
    /// What the client holds.
    pub text: Secret,
    /// SHA-256 of the secret that all tokens of the session share.
    pub family_hash: [u8; 32],
    /// SHA-256 of the secret that changes with every use.
    pub rotating_hash: [u8; 32],
}

/// The tokens a log-in gives.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// An access token that says who calls, good from `caller.issued_at_seconds` for the access token life time.
    async fn access(&self, caller: &Caller) -> Result<Secret, PortError>;

    fn first_refresh(&self, tenant: TenantId, session: SessionId) -> RefreshToken;

    /// The token that replaces `of`: same family, new secret.
    fn next_refresh(&self, of: &RefreshToken) -> RefreshToken;

    /// `None` for anything that is not of the form of a refresh token.
    fn parse_refresh(&self, text: &str) -> Option<RefreshToken>;
}
