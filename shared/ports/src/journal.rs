//! The journal of posted transactions: one chain of blocks a tenant (`domain::journal`).

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::journal::Block;
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;

use crate::PortError;

/// Why a block was not appended. Where both refusals apply, `Stale` is told.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The chain has a block of this number.
    #[error("another block was appended since the head was read")]
    Stale,
    /// Of these there is no transaction, or one that is in a block already.
    #[error("{} transactions are in a block already or do not exist", .0.len())]
    Taken(Vec<Source>),
    /// Another transaction was at the same items at the same time; this one may be tried again at once.
    #[error("another transaction was under way")]
    Contended,
    #[error(transparent)]
    Port(#[from] PortError),
}

#[async_trait]
pub trait Journal: Send + Sync {
    /// The newest block of a tenant's chain. Strongly consistent.
    async fn head(&self, tenant: TenantId) -> Result<Option<Block>, PortError>;

    /// Writes the block and marks each of its transactions with its number, all or nothing, in one transaction of the store.
    /// Stands when the chain has no block of its number, and when each transaction exists and has no mark: whoever appends
    /// what and how often, a number is taken once and a transaction is in one block. Nothing else of a transaction changes.
    /// `TimedOut` leaves open whether it was written; doing it again then answers `Stale` if it was.
    async fn append(&self, block: &Block) -> Result<(), AppendError>;

    /// Transactions, across tenants, that were posted at or before `now` less
    /// [`domain::journal::LEFT_OUT_AFTER`] and are in no block, oldest first, at most about `limit`.
    async fn left_out(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, Source)>, PortError>;

    /// The transactions of these sources that exist, in any order. At most 100, each once. Strongly consistent.
    async fn transactions(&self, tenant: TenantId, sources: &[Source]) -> Result<Vec<Transaction>, PortError>;
}
