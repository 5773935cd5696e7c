//! The ledger's rows for the job that verifies them, and where that job is: on each tenant's first block, which has its place
//! in the due index for it.

use async_trait::async_trait;
use domain::ids::{EntryId, TenantId};
use domain::journal::Block;
use domain::ledger::{AccountId, Entry, Source};
use domain::time::Timestamp;
use ports::PortError;
use ports::verification::{AsFound, LedgerRows, PostedRow, Transactions, Unreadable, Verifications};

use super::key::{self, DueKind, IndexKey, Key, PARTITION, Partition};
use super::query::Bounds;
use super::record::{Stored, decode};
use super::transaction::{StoredEntry, as_found};
use super::{Attributes, CommerceTable, text};
use crate::error::{is_written, port_error};

/// The attribute of a tenant's first block that says how far its verification has come.
const PROGRESS: &str = "verification";

fn read<T: Stored>(item: Attributes) -> AsFound<T> {
    let row = key::told(&item);
    decode(item).map_err(|_| Unreadable(row))
}

fn entry(item: Attributes) -> AsFound<Entry> {
    read::<StoredEntry>(item).map(|stored| stored.entry)
}

#[async_trait]
impl LedgerRows for CommerceTable {
    async fn blocks_after(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AsFound<Block>>, PortError> {
        let bounds = Bounds { from: Some(key::after_block(after)), before: None };
        let items = self.ascending("read blocks", Partition::blocks(tenant), bounds, limit).await?;
        Ok(items.into_iter().map(read).collect())
    }

    async fn blocks(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<AsFound<Block>>, PortError> {
        let keys = numbers.iter().map(|number| Key::block(tenant, *number)).collect();
        Ok(self.0.batch("get blocks", keys).await?.into_iter().map(read).collect())
    }

    async fn transactions_after(
        &self,
        tenant: TenantId,
        after: Option<Source>,
        limit: usize,
    ) -> Result<Transactions, PortError> {
        let bounds = Bounds { from: after.map(key::after_transaction), before: None };
        let items = self.ascending("read transactions", Partition::transactions(tenant), bounds, limit).await?;
        // A full page may be the last one; the next one is empty then. A key that names no source cannot be gone on from.
        let next = items.iter().rev().find_map(key::source_of).filter(|_| items.len() >= limit);
        Ok(Transactions { rows: items.iter().map(as_found).collect(), next })
    }

    async fn transactions_of(
        &self,
        tenant: TenantId,
        sources: &[Source],
    ) -> Result<Vec<AsFound<PostedRow>>, PortError> {
        let keys = sources.iter().map(|source| Key::transaction(tenant, *source)).collect();
        Ok(self.0.batch("get transactions", keys).await?.iter().map(as_found).collect())
    }

    async fn entries_of(
        &self,
        tenant: TenantId,
        entries: &[(AccountId, EntryId)],
    ) -> Result<Vec<AsFound<Entry>>, PortError> {
        let keys = entries.iter().map(|(account, id)| Key::entry(tenant, *account, *id)).collect();
        Ok(self.0.batch("get entries", keys).await?.into_iter().map(entry).collect())
    }

    async fn entries_from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<AsFound<Entry>>, PortError> {
        let bounds = Bounds { from: Some(from.to_string()), before: None };
        let items = self.ascending("read entries", Partition::entries(tenant, account), bounds, limit).await?;
        Ok(items.into_iter().map(entry).collect())
    }
}

impl CommerceTable {
    /// Exactly `limit` items where there are as many: a Query ends early at 1 MB.
    pub(super) async fn ascending(
        &self,
        operation: &'static str,
        partition: Partition,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<Attributes>, PortError> {
        let request = self.0.query(&partition, bounds).consistent_read(true);
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let left = i32::try_from(limit - items.len()).unwrap_or(i32::MAX);
            let answer = request.clone().set_exclusive_start_key(start).limit(left).send().await;
            let answer = answer.map_err(|error| port_error(operation, error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }
}

#[async_trait]
impl Verifications for CommerceTable {
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError> {
        self.0.due("find ledgers to verify", DueKind::Ledger, now, limit, key::parse_ledger).await
    }

    async fn progress(&self, tenant: TenantId) -> Result<Option<String>, PortError> {
        let request = self.0.client.get_item().table_name(&*self.0.name).consistent_read(true);
        let answer = request.set_key(Some(Key::block(tenant, 1).into_attributes())).send().await;
        let item = answer.map_err(|error| port_error("read a verification", error))?.item;
        Ok(item.and_then(|mut item| item.remove(PROGRESS)).and_then(|value| value.as_s().ok().cloned()))
    }

    async fn save(&self, tenant: TenantId, due_at: Timestamp, progress: Option<String>) -> Result<(), PortError> {
        let [(due_partition, partition), (due_sort, sort)] = IndexKey::ledger_due(tenant, due_at).into_attributes();
        let place = "SET #due_partition = :due_partition, #due_sort = :due_sort";
        let expression = match progress {
            Some(_) => format!("{place}, #progress = :progress"),
            None => format!("{place} REMOVE #progress"),
        };
        let request = self
            .0
            .client
            .update_item()
            .table_name(&*self.0.name)
            .set_key(Some(Key::block(tenant, 1).into_attributes()))
            .condition_expression("attribute_exists(#pk)")
            .update_expression(expression)
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#due_partition", due_partition)
            .expression_attribute_names("#due_sort", due_sort)
            .expression_attribute_names("#progress", PROGRESS)
            .expression_attribute_values(":due_partition", partition)
            .expression_attribute_values(":due_sort", sort);
        let request = match progress {
            Some(progress) => request.expression_attribute_values(":progress", text(progress)),
            None => request,
        };
        // Where it is not, the tenant has no block.
        is_written("save a verification", request.send().await).map(drop)
    }
}
