//! The ledger's rows for verification. All of them can be read: what has been tampered with is still of its type.

use async_trait::async_trait;
use domain::ids::{EntryId, TenantId};
use domain::journal::{Block, Posted};
use domain::ledger::{AccountId, Entry, Source, Transaction};
use domain::time::Timestamp;
use ports::PortError;
use ports::verification::{AsFound, LedgerRows, PostedRow, Transactions, Verifications};

use super::{CommerceTable, Store};

impl CommerceTable {
    fn posted_row(&self, place: (TenantId, Source), transaction: &Transaction) -> AsFound<PostedRow> {
        Ok(PostedRow { posted: Posted::from(transaction), block: self.marks.get(&place).copied() })
    }
}

#[async_trait]
impl LedgerRows for Store {
    async fn blocks_after(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AsFound<Block>>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let later = table.blocks.range((tenant, after.saturating_add(1))..=(tenant, u64::MAX));
            Ok(later.take(limit).map(|(_, block)| Ok(block.clone())).collect())
        };
        self.faults.call("ledger_rows.blocks_after", effect).await
    }

    async fn blocks(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<AsFound<Block>>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let found = numbers.iter().filter_map(|number| table.blocks.get(&(tenant, *number)));
            Ok(found.map(|block| Ok(block.clone())).collect())
        };
        self.faults.call("ledger_rows.blocks", effect).await
    }

    async fn transactions_after(
        &self,
        tenant: TenantId,
        after: Option<Source>,
        limit: usize,
    ) -> Result<Transactions, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_tenant = table.transactions.iter().filter(|((owner, _), _)| *owner == tenant);
            let mut rest = of_tenant.filter(|((_, source), _)| after.is_none_or(|after| *source > after));
            let page: Vec<_> = rest.by_ref().take(limit).collect();
            let next = page.last().map(|((_, source), _)| *source).filter(|_| rest.next().is_some());
            let rows = page.into_iter().map(|(place, transaction)| table.posted_row(*place, transaction)).collect();
            Ok(Transactions { rows, next })
        };
        self.faults.call("ledger_rows.transactions_after", effect).await
    }

    async fn transactions_of(
        &self,
        tenant: TenantId,
        sources: &[Source],
    ) -> Result<Vec<AsFound<PostedRow>>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let places = sources.iter().map(|source| (tenant, *source));
            let found = places.filter_map(|place| Some(table.posted_row(place, table.transactions.get(&place)?)));
            Ok(found.collect())
        };
        self.faults.call("ledger_rows.transactions_of", effect).await
    }

    async fn entries_of(
        &self,
        tenant: TenantId,
        entries: &[(AccountId, EntryId)],
    ) -> Result<Vec<AsFound<Entry>>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let found = entries.iter().filter_map(|(account, id)| table.entries.get(&(tenant, *account, *id)));
            Ok(found.map(|entry| Ok(entry.clone())).collect())
        };
        self.faults.call("ledger_rows.entries_of", effect).await
    }

    async fn entries_from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<AsFound<Entry>>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let later = table.entries.range((tenant, account, from)..=(tenant, account, EntryId::from_u128(u128::MAX)));
            Ok(later.take(limit).map(|(_, entry)| Ok(entry.clone())).collect())
        };
        self.faults.call("ledger_rows.entries_from", effect).await
    }
}

#[async_trait]
impl Verifications for Store {
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let due = table.verifications.iter().filter(|(_, (at, _))| *at <= now);
            let mut due: Vec<(Timestamp, TenantId)> = due.map(|(tenant, (at, _))| (*at, *tenant)).collect();
            due.sort_unstable();
            Ok(due.into_iter().take(limit).map(|(_, tenant)| tenant).collect())
        };
        self.faults.call("verifications.due", effect).await
    }

    async fn progress(&self, tenant: TenantId) -> Result<Option<String>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            Ok(table.verifications.get(&tenant).and_then(|(_, progress)| progress.clone()))
        };
        self.faults.call("verifications.progress", effect).await
    }

    async fn save(&self, tenant: TenantId, due_at: Timestamp, progress: Option<String>) -> Result<(), PortError> {
        let effect = || {
            if let Some(verification) = self.commerce.get().verifications.get_mut(&tenant) {
                *verification = (due_at, progress);
            }
            Ok(())
        };
        self.faults.call("verifications.save", effect).await
    }
}
