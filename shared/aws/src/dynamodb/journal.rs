//! Appending to a tenant's journal: the block and the marks of its transactions, as one TransactWriteItems.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Update};
use domain::ids::TenantId;
use domain::journal::{BLOCK_TRANSACTIONS_MAX, Block, Listed};
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;
use ports::journal::{AppendError, Journal};
use ports::{PortError, PortErrorKind};

use super::key::{DueKind, Index, Key, PARTITION, Partition, parse_transaction};
use super::query::Bounds;
use super::record::decode;
use super::transact::{NotWritten, Obstacle, Writes, built};
use super::{Attributes, CommerceTable, Table, number};
use crate::error::port_error;

const APPEND: &str = "append a block";
/// The attribute of a transaction that names its block.
pub(super) const MARK: &str = "block";
/// BatchGetItem gives what it can in a call and names the rest.
const BATCH_CALLS_MAX: usize = 8;

#[async_trait]
impl Journal for CommerceTable {
    async fn head(&self, tenant: TenantId) -> Result<Option<Block>, PortError> {
        let request = self.0.query(&Partition::blocks(tenant), Bounds::default());
        let answer = request.consistent_read(true).scan_index_forward(false).limit(1).send().await;
        let answer = answer.map_err(|error| port_error("read the head of a journal", error))?;
        answer.items.unwrap_or_default().pop().map(decode).transpose()
    }

    async fn append(&self, block: &Block) -> Result<(), AppendError> {
        if block.transactions.is_empty() || block.transactions.len() > BLOCK_TRANSACTIONS_MAX {
            return Err(PortError::new(PortErrorKind::Rejected, APPEND).into());
        }
        let mut writes = Writes::new(&self.0);
        writes.create(Guard::Number, block)?;
        for Listed { source, digest: _ } in &block.transactions {
            writes.update(Guard::Mark(*source), mark(&self.0, block.tenant, *source, block.number)?);
        }
        match writes.send(APPEND).await {
            Ok(()) => Ok(()),
            Err(NotWritten::Contended) => Err(AppendError::Contended),
            Err(NotWritten::Port(error)) => Err(AppendError::Port(error)),
            Err(NotWritten::Cancelled(obstacles)) => Err(refusal(obstacles)),
        }
    }

    async fn left_out(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, Source)>, PortError> {
        self.0.due("find transactions left out", DueKind::Transaction, now, limit, parse_transaction).await
    }

    async fn transactions(&self, tenant: TenantId, sources: &[Source]) -> Result<Vec<Transaction>, PortError> {
        let keys = sources.iter().map(|source| Key::transaction(tenant, *source)).collect();
        let items = self.0.batch("get transactions", keys).await?;
        items.into_iter().map(decode).collect()
    }
}

enum Guard {
    Number,
    Mark(Source),
}

/// It leaves the list of those left out with its mark.
fn mark(table: &Table, tenant: TenantId, source: Source, block: u64) -> Result<Update, PortError> {
    let (due_partition, due_sort) = Index::Due.attributes();
    let update = Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::transaction(tenant, source).into_attributes()))
        .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#mark)")
        .update_expression("SET #mark = :block REMOVE #due_pk, #due_sk")
        .expression_attribute_names("#pk", PARTITION)
        .expression_attribute_names("#mark", MARK)
        .expression_attribute_names("#due_pk", due_partition)
        .expression_attribute_names("#due_sk", due_sort)
        .expression_attribute_values(":block", number(block));
    built(update.build())
}

/// What most calls for: what cannot be done now before what another block may hold.
fn refusal(obstacles: Vec<(Guard, Obstacle)>) -> AppendError {
    let (mut is_stale, mut taken, mut other) = (false, Vec::new(), None);
    for (guard, obstacle) in obstacles {
        match (obstacle, guard) {
            (Obstacle::Condition(_), Guard::Number) => is_stale = true,
            (Obstacle::Condition(_), Guard::Mark(source)) => taken.push(source),
            (Obstacle::Conflict, _) => other = Some(AppendError::Contended),
            (Obstacle::Throttled, _) => other = Some(PortError::new(PortErrorKind::Throttled, APPEND).into()),
            (Obstacle::Rejected, _) => other = Some(PortError::new(PortErrorKind::Rejected, APPEND).into()),
        }
    }
    match other {
        Some(other) if !is_stale && taken.is_empty() => other,
        _ if is_stale => AppendError::Stale,
        _ => AppendError::Taken(taken),
    }
}

impl Table {
    /// Strongly consistent, in no order; what is not there is left out. At most 100 keys.
    pub(super) async fn batch(&self, operation: &'static str, keys: Vec<Key>) -> Result<Vec<Attributes>, PortError> {
        let mut left: Vec<Attributes> = keys.into_iter().map(Key::into_attributes).collect();
        let mut items = Vec::new();
        for _ in 0..BATCH_CALLS_MAX {
            if left.is_empty() {
                return Ok(items);
            }
            let keys = built(KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build())?;
            let answer = self.client.batch_get_item().request_items(&*self.name, keys).send().await;
            let answer = answer.map_err(|error| port_error(operation, error))?;
            items.extend(answer.responses.unwrap_or_default().into_values().flatten());
            left = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|rest| rest.keys).collect();
        }
        if left.is_empty() { Ok(items) } else { Err(PortError::new(PortErrorKind::Throttled, operation)) }
    }
}
