//! Tenants, users and tokens on the wire.

use domain::identity::{Tenant, User};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct TenantView<'a> {
    id: String,
    name: &'a str,
    created_at: String,
}

fn tenant_view(tenant: &Tenant) -> TenantView<'_> {
    let Tenant { id, name, created_at, updated_at: _, version: _ } = tenant;
    TenantView { id: id.to_string(), name: name.as_str(), created_at: rfc3339(*created_at) }
}

pub fn tenant(tenant: &Tenant) -> String {
    json(&tenant_view(tenant))
}

#[derive(Serialize)]
struct UserView<'a> {
    id: String,
    email: &'a str,
    name: &'a str,
    role: &'static str,
    created_at: String,
    updated_at: String,
}

fn user_view(user: &User) -> UserView<'_> {
    let User {
        id,
        tenant: _,
        email,
        name,
        role,
        password_hash: _,
        password_changed_at: _,
        created_at,
        updated_at,
        version: _,
    } = user;
    UserView {
        id: id.to_string(),
        email: email.as_str(),
        name: name.as_str(),
        role: role.as_str(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    }
}

pub fn user(user: &User) -> String {
    json(&user_view(user))
}

/// What a sign-up made.
pub struct SignedUp<'a> {
    pub tenant: &'a Tenant,
    pub owner: &'a User,
}

pub fn signed_up(made: &SignedUp<'_>) -> String {
    #[derive(Serialize)]
    struct View<'a> {
        tenant: TenantView<'a>,
        user: UserView<'a>,
    }
    json(&View { tenant: tenant_view(made.tenant), user: user_view(made.owner) })
}

/// RFC 6749, section 5.1, and the session that the tokens belong to.
#[derive(Serialize)]
pub struct TokenAnswer<'a> {
    pub access_token: &'a str,
    pub token_type: &'static str,
    pub expires_in: u64,
    pub refresh_token: &'a str,
    pub session_id: String,
}

impl TokenAnswer<'_> {
    pub fn json(&self) -> String {
        json(self)
    }
}
