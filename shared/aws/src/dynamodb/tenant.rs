//! Tenants.

use async_trait::async_trait;
use domain::identity::{Tenant, User};
use domain::ids::TenantId;
use domain::text::Name;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::identity::{IdentityError, Tenants};
use serde::{Deserialize, Serialize};

use super::IdentityTable;
use super::key::Key;
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use super::transact::Writes;
use super::user::{Guard, Login, finish};

#[async_trait]
impl Tenants for IdentityTable {
    async fn create(&self, tenant: &Tenant, owner: &User) -> Result<(), IdentityError> {
        let mut writes = Writes::new(&self.0);
        writes.create(Guard::Fresh, tenant)?;
        writes.create(Guard::Fresh, owner)?;
        writes.create(Guard::Login, &Login::of(owner))?;
        finish("create a tenant", writes).await
    }

    async fn get(&self, id: TenantId, consistency: Consistency) -> Result<Option<Tenant>, PortError> {
        self.0.get("get a tenant", Key::tenant(id), consistency).await
    }
}

impl Stored for Tenant {
    const KIND: Kind = Kind::Tenant;
    type Record = TenantRecord;

    fn key(&self) -> Key {
        Key::tenant(self.id)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TenantRecord {
    id: String,
    name: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

impl From<&Tenant> for TenantRecord {
    fn from(tenant: &Tenant) -> Self {
        let Tenant { id, name, created_at, updated_at, version } = tenant;
        Self {
            id: id.to_string(),
            name: name.as_str().to_owned(),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<TenantRecord> for Tenant {
    type Error = Unreadable;

    fn try_from(record: TenantRecord) -> Result<Self, Unreadable> {
        let TenantRecord { id, name, created_at_ms, updated_at_ms, version } = record;
        let reader = Reader(Kind::Tenant);
        Ok(Self {
            id: reader.parse("id", &id)?,
            name: reader.valid("name", Name::parse(&name))?,
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
