//! Access tokens as RFC 9068 profiles JWT: `typ` `at+jwt`, ES256. What is issued here is what [`crate::verify`] takes.

use std::borrow::Cow;

use domain::access::{Action, Caller, Grant, Role};
use domain::identity::ACCESS_TOKEN_LIFETIME;
use domain::ids::{ClientId, SessionId, UserId};
use domain::secret::Secret;
use ports::credentials::TokenKey;
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use crate::jws;

pub(crate) const ALGORITHM: &str = "ES256";
pub(crate) const TYPE: &str = "at+jwt";
/// The `client_id` of tokens that users get by logging in here: RFC 9068 wants one.
const FIRST_PARTY: &str = "coffer";

/// What a token is to say. It is good from `caller.issued_at_seconds` for [`ACCESS_TOKEN_LIFETIME`].
#[derive(Debug, Clone, Copy)]
pub struct Claims<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    pub caller: &'a Caller,
    /// The token's own name, `jti`.
    pub id: &'a str,
}

/// The protected header. Any other member is refused: `jku`, `jwk`, `x5u` and `x5c` would bring a key along, `crit` and
/// `b64` would change how the rest is read (RFC 7515, section 4.1; RFC 7797).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header<'a> {
    #[serde(borrow)]
    pub alg: Cow<'a, str>,
    #[serde(borrow)]
    pub typ: Cow<'a, str>,
    #[serde(borrow)]
    pub kid: Cow<'a, str>,
}

/// The claims as they are written: RFC 7519, RFC 9068 section 2.2, and `tid`, `sid` and `role` of our own. A claim that is
/// not known here is left alone, so that old code takes the tokens of new code while a deployment is under way.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload<'a> {
    #[serde(borrow)]
    pub iss: Cow<'a, str>,
    #[serde(borrow)]
    pub aud: Cow<'a, str>,
    #[serde(borrow)]
    pub sub: Cow<'a, str>,
    #[serde(borrow)]
    pub client_id: Cow<'a, str>,
    #[serde(borrow)]
    pub jti: Cow<'a, str>,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    #[serde(borrow)]
    pub tid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Signs what the claims say. `Rejected` for a caller whose token would be refused, see [`grant_of`].
pub async fn issue(key: &dyn TokenKey, claims: &Claims<'_>) -> Result<Secret, PortError> {
    let payload = payload(claims).ok_or_else(|| PortError::new(PortErrorKind::Rejected, "say who a token is for"))?;
    let kid = key.public_key().await?.id;
    let header = Header { alg: ALGORITHM.into(), typ: TYPE.into(), kid: kid.into() };
    let signed = format!("{}.{}", part(&header)?, part(&payload)?);
    let signature = key.sign(jws::sha256(signed.as_bytes())).await?;
    Ok(Secret::new(format!("{signed}.{}", jws::encode(signature))))
}

fn part(value: &impl Serialize) -> Result<String, PortError> {
    let json = serde_json::to_vec(value);
    let json = json.map_err(|source| PortError::caused_by(PortErrorKind::Rejected, "write a token", source))?;
    Ok(jws::encode(json))
}

fn payload<'a>(claims: &Claims<'a>) -> Option<Payload<'a>> {
    let Claims { issuer, audience, caller, id } = *claims;
    let Caller { tenant, subject, session, grant, issued_at_seconds } = caller;
    let (role, scope) = match grant {
        Grant::Role(role) => (Some(role.as_str().to_owned()), None),
        Grant::Scopes(scopes) => (None, Some(scopes.join(" "))),
    };
    grant_of(subject, *session, role.as_deref(), scope.as_deref())?;
    let client_id = if scope.is_some() { subject } else { FIRST_PARTY };
    Some(Payload {
        iss: issuer.into(),
        aud: audience.into(),
        sub: subject.into(),
        client_id: client_id.into(),
        jti: id.into(),
        iat: *issued_at_seconds,
        nbf: *issued_at_seconds,
        exp: issued_at_seconds.saturating_add(lifetime_seconds()),
        tid: tenant.to_string().into(),
        sid: session.map(|session| session.to_string()),
        role,
        scope,
    })
}

pub(crate) fn lifetime_seconds() -> i64 {
    i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).unwrap_or(i64::MAX)
}

/// A user has a role and a session that can be ended, a client has scopes of the table and no session. There is no third:
/// `None` for both or neither, for an unknown role or scope, and for a subject of the other kind.
pub(crate) fn grant_of(
    subject: &str,
    session: Option<SessionId>,
    role: Option<&str>,
    scope: Option<&str>,
) -> Option<Grant> {
    match (role, scope) {
        (Some(role), None) => {
            let is_user_s = subject.parse::<UserId>().is_ok() && session.is_some();
            Role::parse(role).filter(|_| is_user_s).map(Grant::Role)
        }
        (None, Some(scope)) => {
            let is_client_s = subject.parse::<ClientId>().is_ok() && session.is_none();
            let scopes: Vec<String> = scope.split(' ').map(str::to_owned).collect();
            let are_known = scopes.iter().all(|scope| Action::ALL.iter().any(|action| action.scope() == scope));
            (is_client_s && are_known).then_some(Grant::Scopes(scopes))
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}
