//! The cache in Redis or Valkey: one script, one round trip for what every request needs.

mod breaker;
mod connection;
mod entry;
mod fallback;
mod fill;
mod keys;
mod script;
mod tls;

use std::time::Duration;

use async_trait::async_trait;
use domain::access::Caller;
use domain::identity::ACCESS_TOKEN_LIFETIME;
use domain::ids::{SessionId, TenantId};
use domain::rate_limit::{PaidUntil, decide};
use domain::time::Timestamp;
use ports::PortError;
use ports::cache::{
    Admission, Admitted, Cache, CacheEntry, CacheKey, FILL_LEASE, Lookup, REFRESHED_BEFORE_END, Revocation,
};

use self::connection::{Call, Connection};
use self::fallback::LocalLimits;
use self::script::Script;

/// A token may be taken for this much longer than it lives, for clocks that differ.
const LEEWAY: Duration = Duration::from_secs(60);

/// Where the cache is, and how long an API call may wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// For making a connection, name look-up and TLS included.
    pub connect_within: Duration,
    pub answer_within: Duration,
}

impl RedisConfig {
    /// 100 ms to connect, 50 ms to answer.
    pub fn new(host: impl Into<String>, port: u16, tls: bool) -> Self {
        let (connect_within, answer_within) = (Duration::from_millis(100), Duration::from_millis(50));
        Self { host: host.into(), port, tls, connect_within, answer_within }
    }
}

/// Connects at the first call. A call takes as long as the two bounds of [`RedisConfig`] at most, and nothing at all in the
/// second after one failed.
#[derive(Debug)]
pub struct RedisCache {
    connection: Connection,
    local_limits: LocalLimits,
    admit: Script,
    look: Script,
    put: Script,
    revoke: Script,
}

impl RedisCache {
    pub fn new(config: RedisConfig) -> Self {
        Self {
            connection: Connection::new(config),
            local_limits: LocalLimits::default(),
            admit: Script::new(include_str!("admit.lua")),
            look: Script::new(include_str!("look.lua")),
            put: Script::new(include_str!("put.lua")),
            revoke: Script::new(include_str!("revoke.lua")),
        }
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn admit(&self, admission: Admission<'_>) -> Admitted {
        let Admission { caller, class, quota, cost, key, now } = admission;
        let limit_name = keys::limit(caller, class);
        let names = [
            limit_name.clone(),
            keys::subject_revocation(caller.tenant, &caller.subject),
            keys::session_revocation(caller.tenant, caller.session),
            keys::entry(caller.tenant, key),
            keys::lease(caller.tenant, key),
        ];
        let lease = key.map_or(Duration::ZERO, |_| FILL_LEASE);
        let arguments = [
            now.as_ms().to_string(),
            (quota.interval_us() * i64::from(cost)).to_string(),
            quota.tolerance_us().to_string(),
            issued_at(caller).as_ms().to_string(),
            lease.as_millis().to_string(),
            REFRESHED_BEFORE_END.as_millis().to_string(),
        ];
        let call = Call::Script { script: &self.admit, keys: &names, arguments: &arguments };
        let answer = self.connection.call("admit a call", call).await;
        match answer {
            Ok(answer) => admitted(answer, &admission),
            Err(error) => {
                if !error.retryable() {
                    // The server is there and does not understand: nothing that passes by itself.
                    let cause = error.source.as_deref().map(ToString::to_string);
                    tracing::error!(error = %error, cause, "the cache refuses: limits are this instance's own");
                }
                let limit = self.local_limits.decide(limit_name, quota, cost, now);
                Admitted { limit, revoked: false, found: Lookup::Unknown, degraded: true, shut: false }
            }
        }
    }

    async fn await_fill(&self, tenant: TenantId, key: CacheKey) -> Lookup {
        fill::awaited(&self.connection, &self.look, tenant, key).await
    }

    async fn put(&self, tenant: TenantId, key: CacheKey, entry: CacheEntry) -> Result<(), PortError> {
        let name = keys::entry(tenant, Some(key));
        let lifetime_ms = entry::lifetime(&name, &entry).as_millis();
        let arguments = [entry.version.to_string(), entry::encode(&entry), lifetime_ms.to_string()];
        let call = Call::Script { script: &self.put, keys: &[name], arguments: &arguments };
        self.connection.call("store in the cache", call).await
    }

    async fn revoke(&self, tenant: TenantId, revocation: Revocation, at: Timestamp) -> Result<(), PortError> {
        let name = keys::revocation(tenant, revocation);
        let lifetime_ms = (ACCESS_TOKEN_LIFETIME + LEEWAY).as_millis();
        let arguments = [at.as_ms().to_string(), lifetime_ms.to_string()];
        let call = Call::Script { script: &self.revoke, keys: &[name], arguments: &arguments };
        self.connection.call("revoke tokens", call).await
    }

    async fn ping(&self) -> Result<(), PortError> {
        self.connection.call("ping the cache", Call::Ping).await
    }
}

/// The script's answer. It made the same decision of the same state to store what comes of it; the figures are the domain's.
fn admitted(answer: (i64, bool, Option<String>, bool), admission: &Admission<'_>) -> Admitted {
    let (before_us, revoked, text, has_lease) = answer;
    let (_, limit) = decide(PaidUntil(before_us), admission.quota, admission.cost, admission.now);
    let is_asked = admission.key.is_some() && limit.allowed && !revoked;
    let found = if is_asked { fill::lookup(text.as_deref(), has_lease) } else { Lookup::Unknown };
    Admitted { limit, revoked, found, degraded: false, shut: false }
}

/// The earliest moment the token can have been issued at: tokens tell the second, and none is older than its session, whose
/// id tells the millisecond. A token of the very second of its user's revocation is so refused, but one of a log-in that
/// came after it, within that second, is not.
fn issued_at(caller: &Caller) -> Timestamp {
    let by_token = Timestamp::from_ms(caller.issued_at_seconds.saturating_mul(1_000));
    let by_session = caller.session.map_or(by_token, made_at);
    by_token.max(by_session)
}

/// An id begins with its millisecond (RFC 9562, section 5.7).
fn made_at(session: SessionId) -> Timestamp {
    Timestamp::from_ms(i64::try_from(session.as_u128() >> 80).unwrap_or(i64::MAX))
}
