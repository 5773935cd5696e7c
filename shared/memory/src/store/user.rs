//! Users and their logins: one user of a tenant for each address.

use async_trait::async_trait;
use domain::idempotency::Record;
use domain::identity::User;
use domain::ids::{TenantId, UserId};
use domain::page::{Limit, Page, PageRequest};
use domain::text::Email;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::identity::{IdentityError, Users};

use super::page::{by_id, newest_first, page};
use super::{IdentityTable, Store};

#[async_trait]
impl Users for Store {
    async fn create(&self, user: &User, record: Option<Record>, now: Timestamp) -> Result<(), IdentityError> {
        self.faults.call("users.create", || self.identity.get().create_user(user, record, now)).await
    }

    async fn get(&self, tenant: TenantId, id: UserId, _: Consistency) -> Result<Option<User>, PortError> {
        self.faults.call("users.get", || Ok(self.identity.get().users.get(&(tenant, id)).cloned())).await
    }

    async fn list(&self, tenant: TenantId, request: PageRequest<UserId>) -> Result<Page<User, UserId>, PortError> {
        let effect = || Ok(page(newest_first(&self.identity.get().users, tenant), request, by_id));
        self.faults.call("users.list", effect).await
    }

    async fn eldest(&self, tenant: TenantId, limit: Limit) -> Result<Vec<User>, PortError> {
        let effect = || {
            let table = self.identity.get();
            let mut users: Vec<User> = newest_first(&table.users, tenant).map(|(_, user)| user.clone()).collect();
            users.reverse();
            users.truncate(limit.get());
            Ok(users)
        };
        self.faults.call("users.eldest", effect).await
    }

    async fn update(&self, user: &User) -> Result<(), IdentityError> {
        self.faults.call("users.update", || self.identity.get().update_user(user)).await
    }

    async fn delete(&self, user: &User) -> Result<(), IdentityError> {
        self.faults.call("users.delete", || self.identity.get().delete_user(user)).await
    }

    async fn logins(&self, email: &Email) -> Result<Vec<(TenantId, UserId)>, PortError> {
        let effect = || {
            let table = self.identity.get();
            let of_email = table.logins.iter().filter(|((login, _), _)| login == email);
            Ok(of_email.map(|((_, tenant), user)| (*tenant, *user)).collect())
        };
        self.faults.call("users.logins", effect).await
    }
}

impl IdentityTable {
    /// Whether a user may be added: the address first, then the id.
    pub(super) fn check_new_user(&self, user: &User) -> Result<(), IdentityError> {
        if self.logins.contains_key(&(user.email.clone(), user.tenant)) {
            return Err(IdentityError::EmailTaken);
        }
        if self.users.contains_key(&(user.tenant, user.id)) {
            return Err(IdentityError::Stale);
        }
        Ok(())
    }

    pub(super) fn insert_new_user(&mut self, user: &User) {
        self.logins.insert((user.email.clone(), user.tenant), user.id);
        self.users.insert((user.tenant, user.id), user.clone());
        self.stream.push(None, Some(user.clone()));
        self.stream.push_other();
    }

    fn create_user(&mut self, user: &User, record: Option<Record>, now: Timestamp) -> Result<(), IdentityError> {
        if let Some(claimed) = record.as_ref().and_then(|record| self.records.live(user.tenant, &record.claim, now)) {
            return Err(IdentityError::Claimed(Box::new(claimed.clone())));
        }
        self.check_new_user(user)?;
        if let Some(record) = record {
            self.records.insert(user.tenant, record);
            self.stream.push_other();
        }
        self.insert_new_user(user);
        Ok(())
    }

    fn update_user(&mut self, user: &User) -> Result<(), IdentityError> {
        let stored = self.users.get_mut(&(user.tenant, user.id)).ok_or(IdentityError::Stale)?;
        if stored.version.checked_add(1) != Some(user.version) {
            return Err(IdentityError::Stale);
        }
        let user = User { email: stored.email.clone(), ..user.clone() };
        let old = std::mem::replace(stored, user.clone());
        self.stream.push(Some(old), Some(user));
        Ok(())
    }

    fn delete_user(&mut self, user: &User) -> Result<(), IdentityError> {
        let place = (user.tenant, user.id);
        let stored = self.users.get(&place).filter(|stored| stored.version == user.version);
        let email = stored.ok_or(IdentityError::Stale)?.email.clone();
        self.logins.remove(&(email, user.tenant));
        if let Some(old) = self.users.remove(&place) {
            self.stream.push(Some(old), None);
            self.stream.push_other();
        }
        Ok(())
    }
}
