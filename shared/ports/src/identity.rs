//! Tenants, users, sessions and the counters of attempts: the identity table.

use async_trait::async_trait;
use domain::idempotency::Record;
use domain::identity::{Session, Tenant, User};
use domain::ids::{SessionId, TenantId, UserId};
use domain::page::{Limit, Page, PageRequest};
use domain::text::Email;
use domain::time::Timestamp;

use crate::PortError;
use crate::commerce::Consistency;

/// Why nothing of an identity write was done. Where several conditions fail, the first of this list is told.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the idempotency key has been used")]
    Claimed(Box<Record>),
    #[error("the tenant has a user with this address")]
    EmailTaken,
    #[error("something changed since it was read")]
    Stale,
    #[error("another transaction was under way")]
    Contended,
    #[error(transparent)]
    Port(#[from] PortError),
}

#[async_trait]
pub trait Tenants: Send + Sync {
    /// Writes the tenant, its owner and the owner's login in one transaction.
    async fn create(&self, tenant: &Tenant, owner: &User) -> Result<(), IdentityError>;

    async fn get(&self, id: TenantId, consistency: Consistency) -> Result<Option<Tenant>, PortError>;
}

#[async_trait]
pub trait Users: Send + Sync {
    /// Writes the user, the login and the record in one transaction; an address belongs to one user of a tenant.
    async fn create(&self, user: &User, record: Option<Record>, now: Timestamp) -> Result<(), IdentityError>;

    async fn get(&self, tenant: TenantId, id: UserId, consistency: Consistency) -> Result<Option<User>, PortError>;

    /// Newest first, by one query.
    async fn list(&self, tenant: TenantId, page: PageRequest<UserId>) -> Result<Page<User, UserId>, PortError>;

    /// The first of them, oldest first, by one query. Strongly consistent.
    async fn eldest(&self, tenant: TenantId, limit: Limit) -> Result<Vec<User>, PortError>;

    /// Stands when the stored user has the version before this one's. The address does not change.
    async fn update(&self, user: &User) -> Result<(), IdentityError>;

    /// Removes the user and the login in one transaction; stands when the stored version is this one's.
    async fn delete(&self, user: &User) -> Result<(), IdentityError>;

    /// Who logs in with an address: one user in each tenant it belongs to. Strongly consistent.
    async fn logins(&self, email: &Email) -> Result<Vec<(TenantId, UserId)>, PortError>;
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    Rotated(Session),
    /// The token was good once and has been used: the session is revoked now, with every token that came of it.
    Reused(Session),
    /// No such session, or it has ended, or the token is not of its family: nothing changes.
    Gone,
}

#[async_trait]
pub trait Sessions: Send + Sync {
    async fn create(&self, session: &Session) -> Result<(), PortError>;

    async fn get(&self, tenant: TenantId, id: SessionId) -> Result<Option<Session>, PortError>;

    /// Exchanges the hash of the presented token for the next one, atomically: of two that present the same token one is
    /// `Rotated`, the other `Reused`.
    async fn rotate(&self, request: RotateRequest) -> Result<Rotation, PortError>;

    /// Ends the session; ending it twice keeps the first moment. `None` when there is none.
    async fn revoke(&self, tenant: TenantId, id: SessionId, now: Timestamp) -> Result<Option<Session>, PortError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateRequest {
    pub tenant: TenantId,
    pub id: SessionId,
    pub family_hash: [u8; 32],
    pub presented_hash: [u8; 32],
    pub next_hash: [u8; 32],
    pub expires_at: Timestamp,
    pub now: Timestamp,
}

/// Whose attempts are counted: an account's (by its address), or of where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AttemptScope {
    Account(Email),
    /// An IP address, as the gateway saw it.
    Address(String),
    /// Sign-ups from an IP address.
    SignUps(String),
}

/// How many attempts the running window has, this one included, and when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    pub count: u32,
    pub window_ends_at: Timestamp,
}

#[async_trait]
pub trait LoginAttempts: Send + Sync {
    /// Counts one attempt, atomically. The window begins with its first attempt and lasts as long as `ATTEMPTS` says.
    async fn count(&self, scope: &AttemptScope, now: Timestamp) -> Result<Attempts, PortError>;

    /// Forgets the scope's attempts: the account's owner has logged in.
    async fn forget(&self, scope: &AttemptScope) -> Result<(), PortError>;
}
