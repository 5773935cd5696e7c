//! What the sweeper asks for: the due index, one Query for each of its shards, all at once.

use async_trait::async_trait;
use domain::ids::{DisputeId, EventId, PaymentId, RefundId, TenantId};
use domain::time::Timestamp;
use futures_util::future::try_join_all;
use ports::commerce::Due;
use ports::{PortError, PortErrorKind};

use super::key::{
    DUE_SHARDS, DueKind, Index, PARTITION, Partition, SORT, due_moment, parse_dispute, parse_event, parse_payment,
    parse_refund,
};
use super::query::Bounds;
use super::{Attributes, CommerceTable, Table};
use crate::error::port_error;

#[async_trait]
impl Due for CommerceTable {
    async fn payments(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId)>, PortError> {
        self.0.due("find due payments", DueKind::Payment, now, limit, parse_payment).await
    }

    async fn refunds(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId, RefundId)>, PortError> {
        self.0.due("find due refunds", DueKind::Refund, now, limit, parse_refund).await
    }

    async fn disputes(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, DisputeId)>, PortError> {
        self.0.due("find due disputes", DueKind::Dispute, now, limit, parse_dispute).await
    }

    async fn events(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, EventId)>, PortError> {
        self.0.due("find due events", DueKind::Event, now, limit, parse_event).await
    }
}

impl Table {
    /// The oldest `limit` of all shards. Each shard is asked for as many: entries are 200 bytes, and a shard that happens to
    /// hold all of the oldest must be able to give them.
    pub(super) async fn due<T>(
        &self,
        operation: &'static str,
        kind: DueKind,
        now: Timestamp,
        limit: usize,
        parse: fn(&str, &str) -> Option<T>,
    ) -> Result<Vec<T>, PortError> {
        let entries = self.due_entries(operation, kind, due_until(now), limit).await?;
        let corrupt = || PortError::new(PortErrorKind::Corrupt, operation);
        let parse_entry = |entry: &Attributes| parse(text_of(entry, PARTITION)?, text_of(entry, SORT)?);
        entries.iter().map(|entry| parse_entry(entry).ok_or_else(corrupt)).collect()
    }

    /// The first `limit` entries within bounds, of all shards.
    pub(super) async fn due_entries(
        &self,
        operation: &'static str,
        kind: DueKind,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<Attributes>, PortError> {
        let of_shard = |shard| self.due_shard(operation, Partition::due(kind, shard), bounds.clone(), limit);
        let shards = try_join_all((0..DUE_SHARDS).map(of_shard)).await?;
        let mut entries: Vec<Attributes> = shards.into_iter().flatten().collect();
        let (_, due_sort) = Index::Due.attributes();
        entries.sort_by(|a, b| text_of(a, due_sort).cmp(&text_of(b, due_sort)));
        entries.truncate(limit);
        Ok(entries)
    }

    async fn due_shard(
        &self,
        operation: &'static str,
        shard: Partition,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<Attributes>, PortError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX).max(1);
        let answer = self.query(&shard, bounds).limit(limit).send().await;
        Ok(answer.map_err(|error| port_error(operation, error))?.items.unwrap_or_default())
    }
}

/// What is due at a moment or was before.
pub(super) fn due_until(moment: Timestamp) -> Bounds {
    let next_moment = Timestamp::from_ms(moment.as_ms().saturating_add(1));
    Bounds { from: None, before: Some(due_moment(next_moment)) }
}

pub(super) fn text_of<'a>(entry: &'a Attributes, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}
