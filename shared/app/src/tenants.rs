//! Tenants: sign-up and reading one's own.

use domain::access::Role;
use domain::identity::{Password, Tenant, User};
use domain::ids::TenantId;
use domain::text::{Email, Name};
use ports::cache::{Cache, CacheKey, Lookup};
use ports::credentials::PasswordHasher;
use ports::identity::{AttemptScope, LoginAttempts, Tenants};

use crate::read::{self, Shown, Target};
use crate::sessions::count_attempt;
use crate::{Context, Error};

#[derive(Debug, Clone)]
pub struct SignUp {
    pub name: Name,
    pub owner_name: Name,
    pub owner_email: Email,
    pub owner_password: Password,
    /// Where it comes from, as the gateway saw it.
    pub address: String,
}

#[derive(Clone, Copy)]
pub struct SigningUp<'a> {
    pub tenants: &'a dyn Tenants,
    pub attempts: &'a dyn LoginAttempts,
    pub passwords: &'a dyn PasswordHasher,
    /// How many there may be from one network address in a window of attempts.
    pub per_address: u32,
}

/// Makes the tenant and its owner; the answer shows both. Anybody may ask, and a tenant can have mail sent: so it is counted
/// by where it comes from, before anything else is done.
pub async fn sign_up(context: &Context<'_>, on: SigningUp<'_>, input: SignUp) -> Result<String, Error> {
    let SignUp { name, owner_name, owner_email, owner_password, address } = input;
    let scope = AttemptScope::SignUps(address);
    count_attempt(context, on.attempts, &scope, on.per_address).await?;
    let now = context.now();
    let tenant = Tenant { id: context.id(), name, created_at: now, updated_at: now, version: 1 };
    let owner = User {
        id: context.id(),
        tenant: tenant.id,
        email: owner_email,
        name: owner_name,
        role: Role::Owner,
        password_hash: on.passwords.hash(&owner_password)?,
        password_changed_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    on.tenants.create(&tenant, &owner).await?;
    Ok(api::signed_up(&api::SignedUp { tenant: &tenant, owner: &owner }))
}

pub async fn get(tenants: &dyn Tenants, cache: &dyn Cache, tenant: TenantId, found: Lookup) -> Result<Shown, Error> {
    let target = Target { cache, tenant, key: CacheKey::Tenant, noun: "tenant" };
    read::through(target, found, async |consistency| Ok(tenants.get(tenant, consistency).await?.as_ref().map(shown)))
        .await
}

pub(crate) fn shown(tenant: &Tenant) -> Shown {
    Shown { version: tenant.version, body: api::tenant(tenant) }
}
