//! Closings of accounts (`domain::closing`), and the entries between them. Everything is read strongly.

use async_trait::async_trait;
use domain::closing::Closing;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, Entry};

use crate::PortError;

#[async_trait]
pub trait Closings: Send + Sync {
    /// The account's last closing whose entries are all below `before`.
    async fn last(&self, tenant: TenantId, account: AccountId, before: EntryId) -> Result<Option<Closing>, PortError>;

    /// The account's closings from an entry on, oldest first, at most `limit`.
    async fn from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<Closing>, PortError>;

    /// The account's entries after one (or from the first) and below another, oldest first, at most `limit`.
    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        after: Option<EntryId>,
        before: EntryId,
        limit: usize,
    ) -> Result<Vec<Entry>, PortError>;

    /// Writes a closing; doing it twice is doing it once.
    async fn close(&self, tenant: TenantId, closing: &Closing) -> Result<(), PortError>;
}
