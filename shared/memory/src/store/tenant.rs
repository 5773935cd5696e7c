//! Tenants and their sign-up.

use async_trait::async_trait;
use domain::identity::{Tenant, User};
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::identity::{IdentityError, Tenants};

use super::Store;

#[async_trait]
impl Tenants for Store {
    async fn create(&self, tenant: &Tenant, owner: &User) -> Result<(), IdentityError> {
        let effect = || {
            let mut table = self.identity.get();
            table.check_new_user(owner)?;
            if table.tenants.contains_key(&tenant.id) {
                return Err(IdentityError::Stale);
            }
            table.tenants.insert(tenant.id, tenant.clone());
            table.stream.push(None, Some(tenant.clone()));
            table.insert_new_user(owner);
            Ok(())
        };
        self.faults.call("tenants.create", effect).await
    }

    async fn get(&self, id: TenantId, _: Consistency) -> Result<Option<Tenant>, PortError> {
        self.faults.call("tenants.get", || Ok(self.identity.get().tenants.get(&id).cloned())).await
    }
}
