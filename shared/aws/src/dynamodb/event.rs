//! Events: in the due index until their queues have them, and kept for 30 days, but no shorter than that.

use async_trait::async_trait;
use domain::event::{Event, EventType, PUBLISH_AGAIN_AFTER};
use domain::ids::{EventId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Consistency, EventFilter, Events};
use serde::{Deserialize, Serialize};

use super::key::{Index, IndexKey, Key, PARTITION, Partition};
use super::query::{Bounds, Listing};
use super::record::{EXPIRES_AT, Kind, Reader, Stored, Unreadable, ms};
use super::{CommerceTable, number};
use crate::error::is_written;

#[async_trait]
impl Events for CommerceTable {
    async fn get(&self, tenant: TenantId, id: EventId) -> Result<Option<Event>, PortError> {
        self.0.get("get an event", Key::event(tenant, id), Consistency::Eventual).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &EventFilter,
        page: PageRequest<EventId>,
    ) -> Result<Page<Event, EventId>, PortError> {
        let EventFilter { from, to } = filter;
        let partition = Partition::events(tenant);
        let (from, to) = (from.map(EventId::floor_at), to.map(EventId::floor_at));
        self.0.page("list events", Listing { partition, from, to, page, filter: None }).await
    }

    async fn between(
        &self,
        tenant: TenantId,
        after: EventId,
        before: EventId,
        limit: usize,
    ) -> Result<Vec<Event>, PortError> {
        let from = EventId::from_u128(after.as_u128().saturating_add(1));
        let bounds = Bounds { from: Some(from.to_string()), before: Some(before.to_string()) };
        self.0.oldest_first("list events after one", Partition::events(tenant), bounds, limit).await
    }

    /// One conditional update, which the table's stream shows as a MODIFY of the event.
    async fn mark_published(&self, event: &Event) -> Result<(), PortError> {
        let (due_partition, due_sort) = Index::Due.attributes();
        let table = &self.0;
        let request = table
            .client
            .update_item()
            .table_name(&*table.name)
            .set_key(Some(event.key().into_attributes()))
            .condition_expression("attribute_exists(#pk)")
            .update_expression("REMOVE #due_pk, #due_sk SET #expires_at = :expires_at")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#due_pk", due_partition)
            .expression_attribute_names("#due_sk", due_sort)
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":expires_at", number(event.expires_at().as_seconds()));
        // Where it is not, the event is gone: it was kept for its time.
        is_written("mark an event published", request.send().await).map(drop)
    }
}

impl Stored for Event {
    const KIND: Kind = Kind::Event;
    type Record = EventRecord;

    fn key(&self) -> Key {
        Key::event(self.tenant, self.id)
    }

    /// Of a new event: one that was published has lost its place, and expires.
    fn index_keys(&self) -> Vec<IndexKey> {
        vec![IndexKey::event_due(self, self.created_at.plus(PUBLISH_AGAIN_AFTER))]
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EventRecord {
    id: String,
    tenant: String,
    #[serde(rename = "type")]
    event_type: String,
    subject: String,
    object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    created_at_ms: i64,
}

impl From<&Event> for EventRecord {
    fn from(event: &Event) -> Self {
        let Event { id, tenant, kind, subject, object, request_id, idempotency_key, trace, created_at } = event;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            event_type: kind.as_str().to_owned(),
            subject: subject.clone(),
            object: object.clone(),
            request_id: request_id.clone(),
            idempotency_key: idempotency_key.clone(),
            trace: trace.clone(),
            created_at_ms: ms(*created_at),
        }
    }
}

impl TryFrom<EventRecord> for Event {
    type Error = Unreadable;

    fn try_from(record: EventRecord) -> Result<Self, Unreadable> {
        let EventRecord { id, tenant, event_type, subject, object, request_id, idempotency_key, trace, created_at_ms } =
            record;
        let reader = Reader(Kind::Event);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            kind: reader.known("type", EventType::parse(&event_type))?,
            subject,
            object,
            request_id,
            idempotency_key,
            trace,
            created_at: Timestamp::from_ms(created_at_ms),
        })
    }
}
