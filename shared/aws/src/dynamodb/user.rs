//! Users and their logins. A login is found by the address before the tenant is known, and is what makes an address unique
//! within a tenant: its key is the address's hash and the tenant.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use domain::access::Role;
use domain::idempotency::Record;
use domain::identity::User;
use domain::ids::{TenantId, UserId};
use domain::page::{Limit, Page, PageRequest};
use domain::secret::Secret;
use domain::text::{Email, Name};
use domain::time::Timestamp;
use ports::commerce::Consistency;
use ports::identity::{IdentityError, Users};
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::idempotency::{StoredRecord, claimed};
use super::key::{Key, Partition};
use super::query::{Bounds, Listing};
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use super::transact::{NotWritten, Obstacle, Writes, built};
use super::{IdentityTable, Table, number, text};
use crate::digest::sha256_hex;
use crate::error::port_error;

#[async_trait]
impl Users for IdentityTable {
    async fn create(&self, user: &User, record: Option<Record>, now: Timestamp) -> Result<(), IdentityError> {
        let mut writes = Writes::new(&self.0);
        if let Some(record) = record {
            writes.claim(Guard::Claim, &StoredRecord { tenant: user.tenant, record }, ms(now))?;
        }
        writes.create(Guard::Login, &Login::of(user))?;
        writes.create(Guard::Fresh, user)?;
        finish("create a user", writes).await
    }

    async fn get(&self, tenant: TenantId, id: UserId, consistency: Consistency) -> Result<Option<User>, PortError> {
        self.0.get("get a user", Key::user(tenant, id), consistency).await
    }

    async fn list(&self, tenant: TenantId, page: PageRequest<UserId>) -> Result<Page<User, UserId>, PortError> {
        let partition = Partition::users(tenant);
        self.0.page("list users", Listing { partition, from: None, to: None, page, filter: None }).await
    }

    async fn eldest(&self, tenant: TenantId, limit: Limit) -> Result<Vec<User>, PortError> {
        let partition = Partition::users(tenant);
        self.0.oldest_first("list the first users", partition, Bounds::default(), limit.get()).await
    }

    /// A transaction of one: its client token makes the SDK's own retries harmless, which a plain conditional write would
    /// answer with `Stale`. Another address than the stored one is `Stale`, too.
    async fn update(&self, user: &User) -> Result<(), IdentityError> {
        let mut writes = Writes::new(&self.0);
        writes.replace_keeping(Guard::Fresh, user, user.version, ("email", text(user.email.as_str())))?;
        finish("update a user", writes).await
    }

    async fn delete(&self, user: &User) -> Result<(), IdentityError> {
        let mut writes = Writes::new(&self.0);
        writes.push(Guard::Fresh, delete_user(&self.0, user)?);
        writes.push(Guard::Fresh, delete_login(&self.0, user)?);
        finish("delete a user", writes).await
    }

    async fn logins(&self, email: &Email) -> Result<Vec<(TenantId, UserId)>, PortError> {
        let request =
            self.0.query(&Partition::logins(&sha256_hex(email.as_str())), Bounds::default()).consistent_read(true);
        let mut pages = request.into_paginator().send();
        let mut logins = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(|error| port_error("find logins", error))?.items.unwrap_or_default() {
                let Login { email_hash: _, tenant, user } = decode(item)?;
                logins.push((tenant, user));
            }
        }
        Ok(logins)
    }
}

fn delete_user(table: &Table, user: &User) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(&*table.name)
        .set_key(Some(user.key().into_attributes()))
        .condition_expression("#version = :version")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":version", number(user.version));
    Ok(TransactWriteItem::builder().delete(built(delete.build())?).build())
}

fn delete_login(table: &Table, user: &User) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(&*table.name)
        .set_key(Some(Login::of(user).key().into_attributes()))
        .condition_expression("#user = :user")
        .expression_attribute_names("#user", "user")
        .expression_attribute_values(":user", text(user.id.to_string()));
    Ok(TransactWriteItem::builder().delete(built(delete.build())?).build())
}

/// What an item's condition guards.
pub(super) enum Guard {
    Claim,
    Login,
    /// The item is as it was read, or is not there yet.
    Fresh,
}

pub(super) async fn finish(operation: &'static str, writes: Writes<'_, Guard>) -> Result<(), IdentityError> {
    match writes.send(operation).await {
        Ok(()) => Ok(()),
        Err(NotWritten::Contended) => Err(IdentityError::Contended),
        Err(NotWritten::Port(error)) => Err(IdentityError::Port(error)),
        Err(NotWritten::Cancelled(obstacles)) => {
            let refusals = obstacles.into_iter().map(|(guard, obstacle)| guard.refusal(operation, obstacle));
            Err(refusals.min_by_key(precedence).unwrap_or(IdentityError::Contended))
        }
    }
}

impl Guard {
    fn refusal(self, operation: &'static str, obstacle: Obstacle) -> IdentityError {
        match (obstacle, self) {
            (Obstacle::Conflict, _) => IdentityError::Contended,
            (Obstacle::Throttled, _) => IdentityError::Port(PortError::new(PortErrorKind::Throttled, operation)),
            (Obstacle::Rejected, _) => IdentityError::Port(PortError::new(PortErrorKind::Rejected, operation)),
            (Obstacle::Condition(item), Self::Claim) => match claimed(item) {
                Ok(record) => IdentityError::Claimed(Box::new(record)),
                Err(error) => IdentityError::Port(error),
            },
            (Obstacle::Condition(_), Self::Login) => IdentityError::EmailTaken,
            (Obstacle::Condition(_), Self::Fresh) => IdentityError::Stale,
        }
    }
}

/// The order in which [`IdentityError`] lists them.
fn precedence(error: &IdentityError) -> u8 {
    match error {
        IdentityError::Claimed(_) => 0,
        IdentityError::EmailTaken => 1,
        IdentityError::Stale => 2,
        IdentityError::Contended => 3,
        IdentityError::Port(_) => 4,
    }
}

impl Stored for User {
    const KIND: Kind = Kind::User;
    type Record = UserRecord;

    fn key(&self) -> Key {
        Key::user(self.tenant, self.id)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct UserRecord {
    id: String,
    tenant: String,
    email: String,
    name: String,
    role: String,
    password_hash: String,
    /// Rows of before it was kept have none: nothing ended then.
    #[serde(default)]
    password_changed_at_ms: i64,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        let User { id, tenant, email, name, role, password_hash, password_changed_at, created_at, updated_at, version } =
            user;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            role: role.as_str().to_owned(),
            password_hash: password_hash.reveal().to_owned(),
            password_changed_at_ms: ms(*password_changed_at),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<UserRecord> for User {
    type Error = Unreadable;

    fn try_from(record: UserRecord) -> Result<Self, Unreadable> {
        let UserRecord {
            id,
            tenant,
            email,
            name,
            role,
            password_hash,
            password_changed_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::User);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            email: reader.valid("email", Email::parse(&email))?,
            name: reader.valid("name", Name::parse(&name))?,
            role: reader.known("role", Role::parse(&role))?,
            password_hash: Secret::new(password_hash),
            password_changed_at: Timestamp::from_ms(password_changed_at_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}

/// That an address logs in as a user.
pub(super) struct Login {
    email_hash: String,
    tenant: TenantId,
    user: UserId,
}

impl Login {
    pub(super) fn of(user: &User) -> Self {
        Self { email_hash: sha256_hex(user.email.as_str()), tenant: user.tenant, user: user.id }
    }
}

impl Stored for Login {
    const KIND: Kind = Kind::Login;
    type Record = LoginRecord;

    fn key(&self) -> Key {
        Key::login(&self.email_hash, self.tenant)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LoginRecord {
    /// SHA-256 of the address, hexadecimal.
    email_hash: String,
    tenant: String,
    user: String,
}

impl From<&Login> for LoginRecord {
    fn from(login: &Login) -> Self {
        let Login { email_hash, tenant, user } = login;
        Self { email_hash: email_hash.clone(), tenant: tenant.to_string(), user: user.to_string() }
    }
}

impl TryFrom<LoginRecord> for Login {
    type Error = Unreadable;

    fn try_from(record: LoginRecord) -> Result<Self, Unreadable> {
        let LoginRecord { email_hash, tenant, user } = record;
        let reader = Reader(Kind::Login);
        Ok(Self { email_hash, tenant: reader.parse("tenant", &tenant)?, user: reader.parse("user", &user)? })
    }
}
