//! The users of a tenant. Nobody gives, takes or changes a role above their own.

use domain::access::{Caller, Grant, Role};
use domain::field::Invalid;
use domain::idempotency::{Answer, Claim};
use domain::identity::{ATTEMPTS, Password, User};
use domain::ids::{TenantId, UserId};
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use domain::text::{Email, Name};
use ports::cache::{Cache, CacheKey, Lookup, Revocation};
use ports::commerce::Consistency;
use ports::credentials::PasswordHasher;
use ports::identity::{AttemptScope, IdentityError, LoginAttempts, Users};

use crate::commit::{self, TRIES};
use crate::read::{self, Shown, Target};
use crate::revise::expect_version;
use crate::sessions::count_attempt;
use crate::{Context, Error, Outcome};

#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub password: Password,
}

pub async fn create(
    context: &Context<'_>,
    users: &dyn Users,
    passwords: &dyn PasswordHasher,
    caller: &Caller,
    claim: Option<Claim>,
    input: NewUser,
) -> Result<Outcome, Error> {
    let NewUser { email, name, role, password } = input;
    must_manage(caller, role)?;
    let now = context.now();
    let user = User {
        id: context.id(),
        tenant: caller.tenant,
        email,
        name,
        role,
        password_hash: passwords.hash(&password)?,
        password_changed_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let location = Some(format!("{}/users/{}", api::BASE_PATH, user.id));
    let answer = Answer { status: 201, location, body: api::user(&user) };
    let record = commit::record(claim.as_ref(), &answer, now);
    match (users.create(&user, record, now).await, claim) {
        (Ok(()), _) => Ok(Outcome::Done(answer)),
        (Err(IdentityError::Claimed(record)), Some(claim)) => commit::replay(&record, claim.fingerprint),
        (Err(error), _) => Err(error.into()),
    }
}

pub async fn get(
    users: &dyn Users,
    cache: &dyn Cache,
    tenant: TenantId,
    id: UserId,
    found: Lookup,
) -> Result<Shown, Error> {
    read::through(target(cache, tenant, id), found, async |consistency| {
        Ok(users.get(tenant, id, consistency).await?.as_ref().map(shown))
    })
    .await
}

pub async fn list(users: &dyn Users, tenant: TenantId, page: PageRequest<UserId>) -> Result<Page<User, UserId>, Error> {
    Ok(users.list(tenant, page).await?)
}

/// What a change asks for; `expected_version` is the client's `If-Match`.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub name: Option<Name>,
    pub role: Option<Role>,
    pub password: Option<Password>,
    /// The one that holds until now, of whoever changes their own.
    pub current_password: Option<Secret>,
    pub expected_version: Option<u64>,
}

/// The ports that changing a user needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub users: &'a dyn Users,
    pub passwords: &'a dyn PasswordHasher,
    pub attempts: &'a dyn LoginAttempts,
    pub cache: &'a dyn Cache,
}

/// A new role or password ends the access tokens that the user has. With a new role, sessions go on at the next refresh; a
/// new password ends them.
pub async fn update(
    context: &Context<'_>,
    on: Stores<'_>,
    caller: &Caller,
    id: UserId,
    change: UserChange,
) -> Result<Shown, Error> {
    let UserChange { name, role, password, current_password, expected_version } = change;
    let password_hash = password.as_ref().map(|password| on.passwords.hash(password)).transpose()?;
    for _ in 0..TRIES {
        let now = context.now();
        let user = read_strongly(on.users, caller.tenant, id).await?;
        let is_self = caller.subject == id.to_string();
        if !is_self {
            must_manage(caller, user.role)?;
        }
        if let Some(role) = role.filter(|role| *role != user.role) {
            // Nobody gives themselves another role: a tenant keeps the owner it has.
            if is_self {
                return Err(Error::Forbidden);
            }
            must_manage(caller, user.role.max(role))?;
        }
        expect_version(expected_version, user.version)?;
        if is_self && password.is_some() {
            must_know_password(context, on, &user, current_password.as_ref()).await?;
        }
        let next = User {
            name: name.clone().unwrap_or(user.name),
            role: role.unwrap_or(user.role),
            password_hash: password_hash.clone().unwrap_or(user.password_hash),
            password_changed_at: if password.is_some() { now } else { user.password_changed_at },
            updated_at: now,
            version: user.version + 1,
            ..user
        };
        match on.users.update(&next).await {
            Ok(()) => {
                if role.is_some() || password.is_some() {
                    revoke_tokens(context, on.cache, caller.tenant, id).await;
                }
                let shown = shown(&next);
                read::write_through(target(on.cache, caller.tenant, id), &shown).await;
                return Ok(shown);
            }
            Err(IdentityError::Stale | IdentityError::Contended) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::InFlight)
}

/// Removes the user and refuses their tokens. Nobody removes themselves: a tenant never loses its last owner that way.
pub async fn delete(
    context: &Context<'_>,
    users: &dyn Users,
    cache: &dyn Cache,
    caller: &Caller,
    id: UserId,
) -> Result<(), Error> {
    if caller.subject == id.to_string() {
        return Err(Error::Forbidden);
    }
    for _ in 0..TRIES {
        let user = read_strongly(users, caller.tenant, id).await?;
        must_manage(caller, user.role)?;
        match users.delete(&user).await {
            Ok(()) => {
                revoke_tokens(context, cache, caller.tenant, id).await;
                read::forget(target(cache, caller.tenant, id), user.version + 1).await;
                return Ok(());
            }
            Err(IdentityError::Stale | IdentityError::Contended) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::InFlight)
}

fn must_manage(caller: &Caller, role: Role) -> Result<(), Error> {
    let manages = match &caller.grant {
        Grant::Role(own) => own.manages(role),
        // A machine manages people up to administrators; owners are made by owners.
        Grant::Scopes(_) => Role::Admin.manages(role),
    };
    if manages { Ok(()) } else { Err(Error::Forbidden) }
}

/// Who has got hold of an access token is not to keep the account. Guesses are counted with those of log-ins.
async fn must_know_password(
    context: &Context<'_>,
    on: Stores<'_>,
    user: &User,
    given: Option<&Secret>,
) -> Result<(), Error> {
    let required = || Error::Invalid(vec![Invalid::new("required", "is required").at("/current_password")]);
    let given = given.ok_or_else(required)?;
    let account = AttemptScope::Account(user.email.clone());
    count_attempt(context, on.attempts, &account, ATTEMPTS.per_account).await?;
    let fits = on.passwords.verify(given.reveal(), Some(&user.password_hash))?;
    if fits { Ok(()) } else { Err(Error::BadCredentials) }
}

async fn read_strongly(users: &dyn Users, tenant: TenantId, id: UserId) -> Result<User, Error> {
    users.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("user"))
}

/// The stream consumer does the same a moment later, so a cache that is away is no reason to fail.
async fn revoke_tokens(context: &Context<'_>, cache: &dyn Cache, tenant: TenantId, id: UserId) {
    if let Err(error) = cache.revoke(tenant, Revocation::User(id), context.now()).await {
        tracing::warn!(error = %error, "revocation not written to the cache");
    }
}

pub(crate) fn shown(user: &User) -> Shown {
    Shown { version: user.version, body: api::user(user) }
}

fn target(cache: &dyn Cache, tenant: TenantId, id: UserId) -> Target<'_> {
    Target { cache, tenant, key: CacheKey::User(id), noun: "user" }
}
