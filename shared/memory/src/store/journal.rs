//! The journal: blocks by number, and which transaction is in which.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::journal::{BLOCK_TRANSACTIONS_MAX, Block, LEFT_OUT_AFTER, Listed};
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;
use ports::journal::{AppendError, Journal};
use ports::{PortError, PortErrorKind};

use super::{CommerceTable, Store};

const APPEND: &str = "journal.append";

#[async_trait]
impl Journal for Store {
    async fn head(&self, tenant: TenantId) -> Result<Option<Block>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let newest = table.blocks.range((tenant, 0)..=(tenant, u64::MAX)).next_back();
            Ok(newest.map(|(_, block)| block.clone()))
        };
        self.faults.call("journal.head", effect).await
    }

    async fn append(&self, block: &Block) -> Result<(), AppendError> {
        self.faults.call(APPEND, || self.commerce.get().append(block)).await
    }

    async fn left_out(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, Source)>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let rows = table.transactions.iter().filter(|(place, _)| !table.marks.contains_key(place));
            let posted = rows.map(|(place, transaction)| (transaction.posted_at(), *place));
            let mut left: Vec<_> = posted.filter(|(at, _)| at.plus(LEFT_OUT_AFTER) <= now).collect();
            left.sort_unstable();
            Ok(left.into_iter().take(limit).map(|(_, place)| place).collect())
        };
        self.faults.call("journal.left_out", effect).await
    }

    async fn transactions(&self, tenant: TenantId, sources: &[Source]) -> Result<Vec<Transaction>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let found = sources.iter().filter_map(|source| table.transactions.get(&(tenant, *source)));
            Ok(found.cloned().collect())
        };
        self.faults.call("journal.transactions", effect).await
    }
}

impl CommerceTable {
    fn append(&mut self, block: &Block) -> Result<(), AppendError> {
        let Block { tenant, number, ref transactions, .. } = *block;
        if transactions.is_empty() || transactions.len() > BLOCK_TRANSACTIONS_MAX {
            return Err(PortError::new(PortErrorKind::Rejected, APPEND).into());
        }
        if self.blocks.contains_key(&(tenant, number)) {
            return Err(AppendError::Stale);
        }
        let is_free =
            |place: (TenantId, Source)| self.transactions.contains_key(&place) && !self.marks.contains_key(&place);
        let sources = transactions.iter().map(|Listed { source, digest: _ }| *source);
        let taken: Vec<Source> = sources.clone().filter(|source| !is_free((tenant, *source))).collect();
        if !taken.is_empty() {
            return Err(AppendError::Taken(taken));
        }
        for source in sources {
            self.marks.insert((tenant, source), number);
            // The row changes, so the stream says so, though nothing of the transaction does.
            let transaction = self.transactions.get(&(tenant, source)).cloned();
            self.stream.push(transaction.clone(), transaction);
        }
        if number == 1 {
            self.verifications.insert(tenant, (block.booked_at, None));
        }
        self.blocks.insert((tenant, number), block.clone());
        self.stream.push_other();
        Ok(())
    }
}
