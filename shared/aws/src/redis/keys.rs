//! Names in the cache. The tenant is each name's hash tag, so that a script's keys share a slot: ElastiCache Serverless
//! refuses scripts across slots, and one tenant's keys are one tenant's load.

use domain::access::Caller;
use domain::ids::{SessionId, TenantId};
use ports::cache::{CacheKey, Revocation, RouteClass};

pub(super) fn limit(caller: &Caller, class: RouteClass) -> String {
    format!("{{{}}}:limit:{}:{}", caller.tenant, caller.subject, class.as_str())
}

/// Users and clients: whoever a token can be issued to.
pub(super) fn subject_revocation(tenant: TenantId, subject: &str) -> String {
    format!("{{{tenant}}}:revoked:{subject}")
}

/// `None` is a name that nothing is ever stored under: scripts take a fixed number of keys.
pub(super) fn session_revocation(tenant: TenantId, session: Option<SessionId>) -> String {
    match session {
        Some(session) => format!("{{{tenant}}}:revoked:{session}"),
        None => nothing(tenant),
    }
}

pub(super) fn revocation(tenant: TenantId, revocation: Revocation) -> String {
    match revocation {
        Revocation::Session(session) => session_revocation(tenant, Some(session)),
        Revocation::User(user) => subject_revocation(tenant, &user.to_string()),
    }
}

pub(super) fn entry(tenant: TenantId, key: Option<CacheKey>) -> String {
    match key {
        Some(key) => format!("{{{tenant}}}:entry:{key}"),
        None => nothing(tenant),
    }
}

/// The lease of who fills the entry.
pub(super) fn lease(tenant: TenantId, key: Option<CacheKey>) -> String {
    match key {
        Some(key) => format!("{{{tenant}}}:fill:{key}"),
        None => nothing(tenant),
    }
}

fn nothing(tenant: TenantId) -> String {
    format!("{{{tenant}}}:nothing")
}
