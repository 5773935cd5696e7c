//! Appending to the journal: whatever is given twice, late or beside another consumer, each transaction comes into its
//! tenant's chain once.

use std::collections::BTreeMap;

use domain::ids::TenantId;
use domain::journal::{BLOCK_TRANSACTIONS_MAX, Block, Listed};
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;
use ports::journal::{AppendError, Journal};
use ports::{PortError, PortErrorKind};

/// Others append beside this one, and each of them gets ahead at most a few times.
const TRIES_MAX: usize = 8;

/// One block for each tenant, or as few as hold them. Returns how many transactions came into a chain by this call; the
/// others are in one already, or do not exist. Fails as a whole, and may then be called again.
pub async fn append(journal: &dyn Journal, posted: &[Transaction], now: Timestamp) -> Result<usize, PortError> {
    let mut by_tenant: BTreeMap<TenantId, BTreeMap<Source, &Transaction>> = BTreeMap::new();
    for transaction in posted {
        by_tenant.entry(transaction.tenant()).or_default().insert(transaction.source(), transaction);
    }
    let mut appended = 0;
    for (tenant, transactions) in by_tenant {
        let mut in_order: Vec<&Transaction> = transactions.into_values().collect();
        in_order.sort_by_key(|transaction| (transaction.posted_at(), transaction.id()));
        for chunk in in_order.chunks(BLOCK_TRANSACTIONS_MAX) {
            appended += append_block(journal, tenant, chunk.iter().copied().map(Listed::from).collect(), now).await?;
        }
    }
    Ok(appended)
}

async fn append_block(
    journal: &dyn Journal,
    tenant: TenantId,
    mut listed: Vec<Listed>,
    now: Timestamp,
) -> Result<usize, PortError> {
    for _ in 0..TRIES_MAX {
        if listed.is_empty() {
            return Ok(0);
        }
        let head = journal.head(tenant).await?;
        let block = Block::after(head.as_ref(), tenant, listed.clone(), now);
        match journal.append(&block).await {
            Ok(()) => return Ok(listed.len()),
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
            appended += append(journal, &transactions, now).await?;
        }
    }
    Ok(appended)
}
