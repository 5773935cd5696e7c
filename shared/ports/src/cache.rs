//! The shared cache: rate limits, revocations and the bodies of answers. It may vanish at any time; what it says is never
//! needed for an answer to be right.

use std::fmt;

use async_trait::async_trait;
use domain::access::Caller;
use domain::ids::{OrderId, PaymentId, SessionId, TenantId, UserId};
use domain::rate_limit::{LimitDecision, Quota};
use domain::time::Timestamp;

use crate::PortError;

/// What is cached: one entry for each resource that is read by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CacheKey {
    Tenant,
    User(UserId),
    Order(OrderId),
    Payment(PaymentId),
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::User(id) => write!(f, "{id}"),
            Self::Order(id) => write!(f, "{id}"),
            Self::Payment(id) => write!(f, "{id}"),
        }
    }
}

/// The body of an answer and the version of the resource it shows. No body: the resource is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    pub version: u64,
    pub body: Option<String>,
}

/// Reads and writes are limited apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteClass {
    Read,
    Write,
}

impl RouteClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    pub caller: &'a Caller,
    pub class: RouteClass,
    pub quota: Quota,
    /// How many calls it counts for.
    pub cost: u32,
    pub key: Option<CacheKey>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    pub limit: LimitDecision,
    /// The session was ended, or the subject's tokens of that age were.
    pub revoked: bool,
    /// What the cache has under the key. `None` on a miss, when no key was asked for, and when the cache is away.
    pub entry: Option<CacheEntry>,
    /// The cache did not answer: the limit is this instance's own and the revocation is not known.
    pub degraded: bool,
}

/// Whose tokens are refused from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// All of the session's.
    Session(SessionId),
    /// Those the user was issued before the moment.
    User(UserId),
}

#[async_trait]
pub trait Cache: Send + Sync {
    /// Counts the call, looks for a revocation and for the entry, in one round trip. A refused or revoked call gets no
    /// entry. Never fails: when the cache is away, an instance-local limiter decides and `degraded` is set.
    async fn admit(&self, admission: Admission<'_>) -> Admitted;

    /// Stores the entry for a while, unless the cache has one of the same or a newer version.
    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError>;

    /// Refuses tokens for as long as one issued before `at` could live.
    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError>;

    /// Whether the cache answers.
    async fn ping(&self) -> Result<(), PortError>;
}
