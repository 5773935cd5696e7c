//! Webhook deliveries: one item for an event and an endpoint, with the log of its attempts, in the due index while it is
//! pending.

use std::time::Duration;

use async_trait::async_trait;
use domain::event::EventType;
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::webhook::{Attempt, Cause, Delivery, DeliveryStatus, Outcome, ResponseText};
use ports::PortError;
use ports::commerce::Consistency;
use ports::webhooks::{DeliveryKey, WebhookDeliveries};
use serde::{Deserialize, Serialize};

use super::key::platform::parse_delivery;
use super::key::{DueKind, IndexKey, Key, Partition};
use super::query::{Bounds, Listing};
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use super::{PlatformTable, text};

#[async_trait]
impl WebhookDeliveries for PlatformTable {
    async fn get(&self, key: DeliveryKey) -> Result<Option<Delivery>, PortError> {
        let stored: Option<StoredDelivery> =
            self.platform.get("get a webhook delivery", Key::delivery(key), Consistency::Strong).await?;
        Ok(stored.map(|stored| stored.delivery))
    }

    async fn list(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        status: Option<DeliveryStatus>,
        page: PageRequest<EventId>,
    ) -> Result<Page<Delivery, EventId>, PortError> {
        let partition = Partition::deliveries(tenant, endpoint);
        let filter = status.map(|status| ("status", text(status.as_str())));
        let listing = Listing { partition, from: None, to: None, page, filter };
        let Page { items, next } = self.platform.page("list webhook deliveries", listing).await?;
        Ok(Page { items: items.into_iter().map(|stored: StoredDelivery| stored.delivery).collect(), next })
    }

    async fn after(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Delivery>, PortError> {
        let from = EventId::from_u128(after.as_u128().saturating_add(1));
        let bounds = Bounds { from: Some(from.to_string()), before: None };
        let partition = Partition::deliveries(tenant, endpoint);
        let found = self.platform.oldest_first("list webhook deliveries after one", partition, bounds, limit).await?;
        Ok(found.into_iter().map(|stored: StoredDelivery| stored.delivery).collect())
    }

    async fn put(&self, delivery: &Delivery, due_at: Option<Timestamp>) -> Result<bool, PortError> {
        let stored = StoredDelivery { delivery: delivery.clone(), due_at };
        self.platform.put_next("write a webhook delivery", &stored, delivery.version).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryKey>, PortError> {
        self.platform.due("find due webhook deliveries", DueKind::Delivery, now, limit, parse_delivery).await
    }
}

/// With its place in the due index, which is not read back.
pub(crate) struct StoredDelivery {
    pub(crate) delivery: Delivery,
    pub(crate) due_at: Option<Timestamp>,
}

impl StoredDelivery {
    fn delivery_key(&self) -> DeliveryKey {
        let Delivery { tenant, endpoint, event, .. } = &self.delivery;
        DeliveryKey { tenant: *tenant, endpoint: *endpoint, event: *event }
    }
}

impl Stored for StoredDelivery {
    const KIND: Kind = Kind::WebhookDelivery;
    type Record = DeliveryRecord;

    fn key(&self) -> Key {
        Key::delivery(self.delivery_key())
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        self.due_at.map(|at| IndexKey::delivery_due(self.delivery_key(), at)).into_iter().collect()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.delivery.expires_at())
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DeliveryRecord {
    tenant: String,
    endpoint: String,
    event: String,
    #[serde(rename = "type")]
    event_type: String,
    cause: String,
    status: String,
    attempts: Vec<AttemptRecord>,
    attempts_made: u32,
    #[serde(default)]
    holds: u32,
    #[serde(default)]
    has_place: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct AttemptRecord {
    at_ms: i64,
    took_ms: u64,
    /// The answer's status, else what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    response: String,
}

impl From<&StoredDelivery> for DeliveryRecord {
    fn from(stored: &StoredDelivery) -> Self {
        let Delivery {
            tenant,
            endpoint,
            event,
            kind,
            cause,
            status,
            attempts,
            attempts_made,
            holds,
            has_place,
            next_at,
            created_at,
            updated_at,
            version,
        } = &stored.delivery;
        Self {
            tenant: tenant.to_string(),
            endpoint: endpoint.to_string(),
            event: event.to_string(),
            event_type: kind.as_str().to_owned(),
            cause: cause.as_str().to_owned(),
            status: status.as_str().to_owned(),
            attempts: attempts.iter().map(AttemptRecord::from).collect(),
            attempts_made: *attempts_made,
            holds: *holds,
            has_place: *has_place,
            next_at_ms: next_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl From<&Attempt> for AttemptRecord {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { at, took, outcome, response } = attempt;
        Self {
            at_ms: ms(*at),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            status: outcome.status(),
            error: outcome.error().map(str::to_owned),
            response: response.as_str().to_owned(),
        }
    }
}

const READER: Reader = Reader(Kind::WebhookDelivery);

impl TryFrom<DeliveryRecord> for StoredDelivery {
    type Error = Unreadable;

    fn try_from(record: DeliveryRecord) -> Result<Self, Unreadable> {
        let DeliveryRecord {
            tenant,
            endpoint,
            event,
            event_type,
            cause,
            status,
            attempts,
            attempts_made,
            holds,
            has_place,
            next_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let delivery = Delivery {
            tenant: READER.parse("tenant", &tenant)?,
            endpoint: READER.parse("endpoint", &endpoint)?,
            event: READER.parse("event", &event)?,
            kind: READER.known("type", EventType::parse(&event_type))?,
            cause: READER.known("cause", Cause::parse(&cause))?,
            status: READER.known("status", DeliveryStatus::parse(&status))?,
            attempts: attempts.into_iter().map(Attempt::try_from).collect::<Result<_, _>>()?,
            attempts_made,
            holds,
            has_place,
            next_at: next_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        };
        Ok(Self { delivery, due_at: None })
    }
}

impl TryFrom<AttemptRecord> for Attempt {
    type Error = Unreadable;

    fn try_from(record: AttemptRecord) -> Result<Self, Unreadable> {
        let AttemptRecord { at_ms, took_ms, status, error, response } = record;
        Ok(Self {
            at: Timestamp::from_ms(at_ms),
            took: Duration::from_millis(took_ms),
            outcome: READER.known("error", Outcome::parse(status, error.as_deref()))?,
            response: ResponseText::cut(response.as_bytes()),
        })
    }
}
