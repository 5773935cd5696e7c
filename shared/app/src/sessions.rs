//! Sessions: log in, refresh, log out. A refusal never tells whether the address, the password or the session was wrong.

use domain::access::{Caller, Grant, Role};
use domain::identity::{ACCESS_TOKEN_LIFETIME, ATTEMPTS, SESSION_IDLE_MAX, Session, User};
use domain::ids::{SessionId, TenantId, UserId};
use domain::secret::Secret;
use domain::text::Email;
use ports::cache::{Cache, Revocation};
use ports::commerce::Consistency;
use ports::credentials::{PasswordHasher, RefreshToken, Tokens};
use ports::identity::{AttemptScope, LoginAttempts, RotateRequest, Rotation, Sessions, Users};

use crate::{Context, Error};

/// How many users of one address a log-in without a tenant tries: each costs a password hash, and others may have signed up
/// with the address.
const CANDIDATES_MAX: usize = 5;

#[derive(Clone, Copy)]
pub struct LoggingIn<'a> {
    pub users: &'a dyn Users,
    pub sessions: &'a dyn Sessions,
    pub attempts: &'a dyn LoginAttempts,
    pub passwords: &'a dyn PasswordHasher,
    pub tokens: &'a dyn Tokens,
}

#[derive(Debug, Clone)]
pub struct Login {
    pub email: Email,
    pub password: Secret,
    pub tenant: Option<TenantId>,
    /// Where it comes from, as the gateway saw it.
    pub address: String,
}

/// Counts the attempt before it looks at the password, so that parallel guesses are all counted.
pub async fn log_in(context: &Context<'_>, on: LoggingIn<'_>, login: Login) -> Result<String, Error> {
    let Login { email, password, tenant, address } = login;
    let account = AttemptScope::Account(email.clone());
    count_attempt(context, on.attempts, &AttemptScope::Address(address), ATTEMPTS.per_address).await?;
    count_attempt(context, on.attempts, &account, ATTEMPTS.per_account).await?;
    let logins = on.users.logins(&email).await?;
    let is_of_one_user = logins.len() == 1;
    let candidates = candidates(on.users, logins, tenant).await?;
    let user = the_one_that_fits(on.passwords, candidates, &password)?;
    // Anybody can sign up with an address: what was guessed at another tenant's user is not forgiven by it.
    if is_of_one_user {
        on.attempts.forget(&account).await?;
    }
    open(context, on, &user).await
}

pub(crate) async fn count_attempt(
    context: &Context<'_>,
    attempts: &dyn LoginAttempts,
    scope: &AttemptScope,
    allowed: u32,
) -> Result<(), Error> {
    let now = context.now();
    let counted = attempts.count(scope, now).await?;
    if counted.count > allowed {
        return Err(Error::TooManyAttempts { retry_after: counted.window_ends_at.since(now) });
    }
    Ok(())
}

/// Nobody is left out of more than may be tried: whom that would be others could choose.
async fn candidates(
    users: &dyn Users,
    mut logins: Vec<(TenantId, UserId)>,
    tenant: Option<TenantId>,
) -> Result<Vec<User>, Error> {
    logins.retain(|(of, _)| tenant.is_none_or(|wanted| wanted == *of));
    if logins.len() > CANDIDATES_MAX {
        return Err(Error::TenantNeeded);
    }
    let mut found = Vec::new();
    for (tenant, user) in logins {
        found.extend(users.get(tenant, user, Consistency::Strong).await?);
    }
    Ok(found)
}

/// Works as long for an address nobody has as for one user with a wrong password.
fn the_one_that_fits(passwords: &dyn PasswordHasher, candidates: Vec<User>, password: &Secret) -> Result<User, Error> {
    if candidates.is_empty() {
        passwords.verify(password.reveal(), None)?;
        return Err(Error::BadCredentials);
    }
    let mut fitting = Vec::new();
    for user in candidates {
        if passwords.verify(password.reveal(), Some(&user.password_hash))? {
            fitting.push(user);
        }
    }
    match fitting.len() {
        0 => Err(Error::BadCredentials),
        1 => fitting.pop().ok_or(Error::BadCredentials),
        _ => Err(Error::TenantNeeded),
    }
}

async fn open(context: &Context<'_>, on: LoggingIn<'_>, user: &User) -> Result<String, Error> {
    let now = context.now();
    let id: SessionId = context.id();
    let refresh = on.tokens.first_refresh(user.tenant, id);
    let session = Session {
        id,
        tenant: user.tenant,
        user: user.id,
        family_hash: refresh.family_hash,
        refresh_hash: refresh.rotating_hash,
        created_at: now,
        expires_at: now.plus(SESSION_IDLE_MAX),
        revoked_at: None,
        version: 1,
    };
    on.sessions.create(&session).await?;
    answer(context, on.tokens, user, &refresh).await
}

async fn answer(
    context: &Context<'_>,
    tokens: &dyn Tokens,
    user: &User,
    refresh: &RefreshToken,
) -> Result<String, Error> {
    let caller = Caller {
        tenant: user.tenant,
        subject: user.id.to_string(),
        session: Some(refresh.session),
        grant: Grant::Role(user.role),
        issued_at_seconds: context.now().as_seconds(),
    };
    let access = tokens.access(&caller).await?;
    let answer = api::TokenAnswer {
        access_token: access.reveal(),
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
        refresh_token: refresh.text.reveal(),
        session_id: refresh.session.to_string(),
    };
    Ok(answer.json())
}

/// The ports that a refresh needs.
#[derive(Clone, Copy)]
pub struct Refreshing<'a> {
    pub users: &'a dyn Users,
    pub sessions: &'a dyn Sessions,
    pub tokens: &'a dyn Tokens,
}

/// Exchanges the token for new ones. A token that was used before ends the session: one of its two holders is a thief.
pub async fn refresh(context: &Context<'_>, on: Refreshing<'_>, token: &Secret) -> Result<String, Error> {
    let presented = on.tokens.parse_refresh(token.reveal()).ok_or(Error::BadCredentials)?;
    let next = on.tokens.next_refresh(&presented);
    let now = context.now();
    let request = RotateRequest {
        tenant: presented.tenant,
        id: presented.session,
        family_hash: presented.family_hash,
        presented_hash: presented.rotating_hash,
        next_hash: next.rotating_hash,
        expires_at: now.plus(SESSION_IDLE_MAX),
        now,
    };
    let session = match on.sessions.rotate(request).await? {
        Rotation::Rotated(session) => session,
        Rotation::Reused(session) => {
            tracing::warn!(session_id = %session.id, "refresh token used twice: session revoked");
            return Err(Error::BadCredentials);
        }
        Rotation::Gone => return Err(Error::BadCredentials),
    };
    let user = on.users.get(session.tenant, session.user, Consistency::Strong).await?.ok_or(Error::BadCredentials)?;
    if session.is_older_than_password(&user) {
        on.sessions.revoke(session.tenant, session.id, now).await?;
        return Err(Error::BadCredentials);
    }
    answer(context, on.tokens, &user, &next).await
}

/// Ends one's own session, or as an administrator that of anybody in the tenant; its access tokens are refused at once.
pub async fn end(
    context: &Context<'_>,
    sessions: &dyn Sessions,
    cache: &dyn Cache,
    caller: &Caller,
    id: SessionId,
) -> Result<(), Error> {
    let session = sessions.get(caller.tenant, id).await?.ok_or(Error::NotFound("session"))?;
    if !may_end(caller, session.user) {
        return Err(Error::NotFound("session"));
    }
    let now = context.now();
    sessions.revoke(caller.tenant, id, now).await?;
    // The stream consumer does the same a moment later, so a cache that is away is no reason to fail.
    if let Err(error) = cache.revoke(caller.tenant, Revocation::Session(id), now).await {
        tracing::warn!(error = %error, "revocation not written to the cache");
    }
    Ok(())
}

fn may_end(caller: &Caller, user: UserId) -> bool {
    let is_own = caller.subject == user.to_string();
    let is_administrator = matches!(caller.grant, Grant::Role(role) if role >= Role::Admin);
    is_own || is_administrator
}
