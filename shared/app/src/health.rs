//! Whether this instance can do its work: the table must answer; without the cache it is slower, not broken.

use domain::ids::TenantId;
use ports::cache::Cache;
use ports::commerce::Consistency;
use ports::identity::Tenants;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    pub table: bool,
    pub cache: bool,
}

impl Readiness {
    pub fn ready(self) -> bool {
        self.table
    }
}

/// Reads a tenant that cannot exist: what counts is that there is an answer.
pub async fn readiness(tenants: &dyn Tenants, cache: &dyn Cache) -> Readiness {
    let nobody = TenantId::from_u128(0);
    let table = tenants.get(nobody, Consistency::Eventual).await;
    let cache = cache.ping().await;
    for error in [table.as_ref().err(), cache.as_ref().err()].into_iter().flatten() {
        tracing::warn!(error = %error, "not ready");
    }
    Readiness { table: table.is_ok(), cache: cache.is_ok() }
}
