//! The ledger's rows as they are found, for the job that verifies them: never for a request. Everything is read strongly.

use async_trait::async_trait;
use domain::ids::{EntryId, TenantId};
use domain::journal::{Block, Posted};
use domain::ledger::{AccountId, Entry, Source};
use domain::time::Timestamp;

use crate::PortError;

/// A row that is not what its kind has, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

pub type AsFound<T> = Result<T, Unreadable>;

/// A transaction's row, and the block that it is marked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedRow {
    pub posted: Posted,
    pub block: Option<u64>,
}

/// Transactions in the store's order; `next` is where the following page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transactions {
    pub rows: Vec<AsFound<PostedRow>>,
    pub next: Option<Source>,
}

#[async_trait]
pub trait LedgerRows: Send + Sync {
    /// A tenant's blocks after a number, in their order, at most `limit`.
    async fn blocks_after(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AsFound<Block>>, PortError>;

    /// Those of these blocks that exist, in any order. At most 100, each once.
    async fn blocks(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<AsFound<Block>>, PortError>;

    /// All of a tenant's transactions, page by page of at most `limit`; what is posted meanwhile may be among them or not.
    async fn transactions_after(
        &self,
        tenant: TenantId,
        after: Option<Source>,
        limit: usize,
    ) -> Result<Transactions, PortError>;

    /// The transactions of these sources that exist, in any order. At most 100, each once.
    async fn transactions_of(&self, tenant: TenantId, sources: &[Source])
    -> Result<Vec<AsFound<PostedRow>>, PortError>;

    /// Those of these entries that exist, in any order. At most 100, each once.
    async fn entries_of(
        &self,
        tenant: TenantId,
        entries: &[(AccountId, EntryId)],
    ) -> Result<Vec<AsFound<Entry>>, PortError>;

    /// An account's entries from an id on, oldest first, at most `limit`.
    async fn entries_from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<AsFound<Entry>>, PortError>;
}

/// Which tenants' ledgers are to be verified, and how far that has come. A tenant is in the list from its first block on.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// Tenants whose verification is due at `now`, those who wait longest first, at most about `limit`.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError>;

    /// What was saved last; none before the first time and after a verification that ended.
    async fn progress(&self, tenant: TenantId) -> Result<Option<String>, PortError>;

    /// When the tenant is due next and where its verification goes on. Of a tenant without a block it does nothing.
    async fn save(&self, tenant: TenantId, due_at: Timestamp, progress: Option<String>) -> Result<(), PortError>;
}
