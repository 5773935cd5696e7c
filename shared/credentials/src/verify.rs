//! Verification of access tokens: a column of named refusals, no input of the token followed before the signature holds.
//! The clock is an argument and no key comes from the token. Follows RFC 8725 (best practices) and RFC 9068, section 4.

use std::time::Duration;

use domain::access::Caller;
use domain::ids::SessionId;
use domain::time::Timestamp;
use ports::credentials::PublicKey;

use crate::access_token::{ALGORITHM, Header, Payload, TYPE, grant_of, lifetime_seconds};
use crate::jws::Parts;

pub const TOKEN_LEN_MAX: usize = 8 * 1024;
/// No policy forgives more than this between two clocks.
pub const LEEWAY_MAX: Duration = domain::identity::TOKEN_LEEWAY;

/// What tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub issuer: String,
    pub audience: String,
    /// How far the issuer's clock may be off; at most [`LEEWAY_MAX`] counts.
    pub leeway: Duration,
}

/// Why a token is refused, in order of precedence. For the log: a client hears `invalid_token` and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("the token is longer than {TOKEN_LEN_MAX} bytes")]
    TooLong,
    #[error("not three parts of canonical base64url")]
    Malformed,
    #[error("the header is not made of alg, typ and kid alone")]
    Header,
    #[error("the algorithm is not ES256")]
    Algorithm,
    #[error("the type is not at+jwt")]
    Type,
    #[error("the key is not known")]
    UnknownKey,
    #[error("the signature does not fit")]
    Signature,
    #[error("a claim is missing or of the wrong type")]
    Claims,
    #[error("another issuer's")]
    Issuer,
    #[error("for another audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
    /// Revocations are remembered for as long as a token lives: one that lives longer would outlive them.
    #[error("valid for longer than tokens are")]
    Lifetime,
    #[error("the tenant or the session is no identifier")]
    Scope,
    #[error("what it grants is not known here")]
    Grant,
}

/// Who calls, if the token is good at `now`. Touches neither network nor storage (E1).
pub fn verify(token: &str, keys: &[PublicKey], policy: &Policy, now: Timestamp) -> Result<Caller, TokenRefusal> {
    if token.len() > TOKEN_LEN_MAX {
        return Err(TokenRefusal::TooLong);
    }
    let parts = Parts::split(token).ok_or(TokenRefusal::Malformed)?;
    let header: Header<'_> = serde_json::from_slice(&parts.header).map_err(|_| TokenRefusal::Header)?;
    if header.alg != ALGORITHM {
        return Err(TokenRefusal::Algorithm);
    }
    if header.typ != TYPE {
        return Err(TokenRefusal::Type);
    }
    let key = keys.iter().find(|key| key.id == header.kid).ok_or(TokenRefusal::UnknownKey)?;
    if !parts.is_signed_by(key, token) {
        return Err(TokenRefusal::Signature);
    }
    let payload: Payload<'_> = serde_json::from_slice(&parts.payload).map_err(|_| TokenRefusal::Claims)?;
    caller(payload, policy, now)
}

fn caller(payload: Payload<'_>, policy: &Policy, now: Timestamp) -> Result<Caller, TokenRefusal> {
    let Payload { iss, aud, sub, client_id: _, jti: _, iat, nbf, exp, tid, sid, role, scope } = payload;
    if iss != policy.issuer {
        return Err(TokenRefusal::Issuer);
    }
    if aud != policy.audience {
        return Err(TokenRefusal::Audience);
    }
    let leeway = policy.leeway.min(LEEWAY_MAX);
    if exp <= now.minus(leeway).as_seconds() {
        return Err(TokenRefusal::Expired);
    }
    if nbf.max(iat) > now.plus(leeway).as_seconds() {
        return Err(TokenRefusal::NotYetValid);
    }
    if exp.saturating_sub(iat) > lifetime_seconds() {
        return Err(TokenRefusal::Lifetime);
    }
    let tenant = tid.parse().map_err(|_| TokenRefusal::Scope)?;
    let session: Option<SessionId> = sid.map(|sid| sid.parse()).transpose().map_err(|_| TokenRefusal::Scope)?;
    let grant = grant_of(&sub, session, role.as_deref(), scope.as_deref()).ok_or(TokenRefusal::Grant)?;
    Ok(Caller { tenant, subject: sub.into_owned(), session, grant, issued_at_seconds: iat })
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
