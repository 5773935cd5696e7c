//! The shared cache: rate limits, revocations and the bodies of answers. It may vanish at any time; what it says is never
//! needed for an answer to be right.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::access::Caller;
use domain::ids::{OrderId, PaymentId, SessionId, TenantId, UserId};
use domain::rate_limit::{LimitDecision, Quota};
use domain::time::Timestamp;

use crate::PortError;

/// How long the one who fills an entry is left alone at it. Several times a read of the table; a filler that dies costs the
/// others this once.
pub const FILL_LEASE: Duration = Duration::from_millis(100);

/// How long a caller waits for another's fill at most. Longer than the lease, so that one of those who wait takes over from a
/// filler that died.
pub const FILL_AWAITED_FOR: Duration = Duration::from_millis(150);

/// An entry that lives no longer than this is read anew before it ends: a tenth of an entry's life.
pub const REFRESHED_BEFORE_END: Duration = Duration::from_secs(30);

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

/// What the cache has under a key, and what that leaves the caller to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// No key was asked for, the call is refused, or the cache is away.
    Unknown,
    Hit(CacheEntry),
    /// The entry is good, its end is near, and of all who see it this caller has the lease to read it anew.
    Due(CacheEntry),
    /// Nothing is there, and this caller has the lease to fill it.
    Miss,
    /// Nothing is there, and another has the lease.
    Filling,
}

impl Lookup {
    pub fn entry(&self) -> Option<&CacheEntry> {
        match self {
            Self::Hit(entry) | Self::Due(entry) => Some(entry),
            Self::Unknown | Self::Miss | Self::Filling => None,
        }
    }
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
    pub found: Lookup,
    /// The cache did not answer: the limit is this instance's own and the revocation is not known.
    pub degraded: bool,
    /// Nobody is let in while that is so: not of the cache, but of the table that stands in for it outside the network.
    pub shut: bool,
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
    /// Counts the call, looks for a revocation and for the entry, in one round trip. Where there is none, or its end is near,
    /// the first to ask gets a lease of [`FILL_LEASE`] on it, so that of many callers at once one reads the table. A refused
    /// or revoked call gets neither entry nor lease. Never fails: when the cache is away, an instance-local limiter decides
    /// and `degraded` is set.
    async fn admit(&self, admission: Admission<'_>) -> Admitted;

    /// Waits for another's fill, for [`FILL_AWAITED_FOR`] at most: `Hit` as soon as it is there, `Miss` when the lease ran
    /// out and this caller has it now, `Filling` when it was waited for long enough. A few round trips; never fails: when
    /// the cache is away, `Unknown` at once.
    async fn await_fill(&self, tenant: TenantId, key: CacheKey) -> Lookup;

    /// Stores the entry for a while, unless the cache has one of the same or a newer version. The very same entry again
    /// begins its life anew.
    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError>;

    /// Refuses tokens for as long as one issued before `at` could live.
    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError>;

    /// Whether the cache answers.
    async fn ping(&self) -> Result<(), PortError>;
}
