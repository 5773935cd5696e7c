//! Appending to the journal: whatever is given twice, late or beside another consumer, each transaction comes into its
//! tenant's chain once.

use std::collections::{BTreeMap, BTreeSet};

use domain::closing;
use domain::ids::TenantId;
use domain::journal::{BLOCK_TRANSACTIONS_MAX, Block, Listed};
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;
use ports::journal::{AppendError, Journal};
use ports::{PortError, PortErrorKind};

/// Others append beside this one, and each of them gets ahead at most a few times.
const TRIES_MAX: usize = 8;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appended {
    /// How many transactions came into a chain by this call; the others are in one already, or do not exist.
    pub transactions: usize,
    /// Whose accounts it is time to close.
    pub to_close: BTreeSet<TenantId>,
}

/// One block for each tenant, or as few as hold them. Fails as a whole, and may then be called again.
pub async fn append(journal: &dyn Journal, posted: &[Transaction], now: Timestamp) -> Result<Appended, PortError> {
    let mut by_tenant: BTreeMap<TenantId, BTreeMap<Source, &Transaction>> = BTreeMap::new();
    for transaction in posted {
        by_tenant.entry(transaction.tenant()).or_default().insert(transaction.source(), transaction);
    }
    let mut appended = Appended::default();
    for (tenant, transactions) in by_tenant {
        let mut in_order: Vec<&Transaction> = transactions.into_values().collect();
        in_order.sort_by_key(|transaction| (transaction.posted_at(), transaction.id()));
        for chunk in in_order.chunks(BLOCK_TRANSACTIONS_MAX) {
            let listed = chunk.iter().copied().map(Listed::from).collect();
            let Some(block) = append_block(journal, tenant, listed, now).await? else { continue };
            appended.transactions += block.transactions.len();
            if closing::is_time(block.total, block.transactions.len()) {
                appended.to_close.insert(tenant);
            }
        }
    }
    Ok(appended)
}

async fn append_block(
    journal: &dyn Journal,
    tenant: TenantId,
    mut listed: Vec<Listed>,
    now: Timestamp,
) -> Result<Option<Block>, PortError> {
    for _ in 0..TRIES_MAX {
        if listed.is_empty() {
            return Ok(None);
        }
        let head = journal.head(tenant).await?;
        let block = Block::after(head.as_ref(), tenant, listed.clone(), now);
        match journal.append(&block).await {
            Ok(()) => return Ok(Some(block)),
            Err(AppendError::Stale | AppendError::Contended) => {}
            Err(AppendError::Taken(sources)) => listed.retain(|listed| !sources.contains(&listed.source)),
            Err(AppendError::Port(error)) => return Err(error),
        }
    }
    // Others are appending all the time: the batch comes again.
    Err(PortError::new(PortErrorKind::Throttled, "append to a journal"))
}

/// Appends what no consumer has appended in time, of any tenant, at most about `limit`. Returns how many.
pub async fn append_left_out(journal: &dyn Journal, now: Timestamp, limit: usize) -> Result<usize, PortError> {
    let mut by_tenant: BTreeMap<TenantId, Vec<Source>> = BTreeMap::new();
    for (tenant, source) in journal.left_out(now, limit).await? {
        by_tenant.entry(tenant).or_default().push(source);
    }
    let mut appended = 0;
    for (tenant, sources) in by_tenant {
        for chunk in sources.chunks(BLOCK_TRANSACTIONS_MAX) {
            let transactions = journal.transactions(tenant, chunk).await?;
            appended += append(journal, &transactions, now).await?.transactions;
        }
    }
    Ok(appended)
}
