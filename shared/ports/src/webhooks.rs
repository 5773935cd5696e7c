//! Webhooks: the endpoints of tenants, the deliveries to them, and how a request is signed and sent.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use domain::time::Timestamp;
use domain::webhook::{Delivery, DeliveryStatus, Endpoint, Health, Outcome, ResponseText, Signature, WebhookUrl};

use crate::PortError;
use crate::commerce::Consistency;

#[async_trait]
pub trait WebhookEndpoints: Send + Sync {
    /// `None` when the tenant has no such endpoint, also when another tenant has.
    async fn get(
        &self,
        tenant: TenantId,
        id: WebhookEndpointId,
        consistency: Consistency,
    ) -> Result<Option<Endpoint>, PortError>;

    /// Newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<WebhookEndpointId>,
    ) -> Result<Page<Endpoint, WebhookEndpointId>, PortError>;

    /// All of the tenant's, oldest first, read strongly: one that was deleted or disabled is told of nothing more.
    async fn all(&self, tenant: TenantId) -> Result<Vec<Endpoint>, PortError>;

    /// Writes how an endpoint fares, when what is stored has the version before this one's and the endpoint is there.
    /// `false` when not: others were first. The endpoint's own version stays.
    async fn put_health(&self, tenant: TenantId, id: WebhookEndpointId, health: &Health) -> Result<bool, PortError>;
}

/// Which delivery is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    pub tenant: TenantId,
    pub endpoint: WebhookEndpointId,
    pub event: EventId,
}

#[async_trait]
pub trait WebhookDeliveries: Send + Sync {
    /// Read strongly.
    async fn get(&self, key: DeliveryKey) -> Result<Option<Delivery>, PortError>;

    /// The endpoint's deliveries, newest event first, by one query. With a status a page may hold fewer than `limit` and
    /// still have a next one.
    async fn list(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        status: Option<DeliveryStatus>,
        page: PageRequest<EventId>,
    ) -> Result<Page<Delivery, EventId>, PortError>;

    /// The endpoint's deliveries of events after one, oldest first, at most `limit`, by one query. Read strongly. There may
    /// be more behind a page that is short of `limit`; behind one that is empty there is nothing.
    async fn after(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Delivery>, PortError>;

    /// Writes the delivery when what is stored has the version before this one's; one of version 1 or 0 when there is none.
    /// `false` when not: others were first. What is pending is found by `due` from `due_at` on.
    async fn put(&self, delivery: &Delivery, due_at: Option<Timestamp>) -> Result<bool, PortError>;

    /// Deliveries of all tenants whose time has come, oldest first within a shard of the index, at most about `limit`.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryKey>, PortError>;
}

/// One request to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub url: WebhookUrl,
    /// The event's: the same at every attempt.
    pub id: String,
    pub at: Timestamp,
    /// One or two signatures, as the header has them.
    pub signature: String,
    /// The trace that the event belongs to, in W3C form.
    pub traceparent: Option<String>,
    pub body: String,
}

/// What came of a request. There is no failing beside it: whatever went wrong is the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub outcome: Outcome,
    pub response: ResponseText,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
}

#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// One POST, bounded in time. Goes to no address that [`domain::webhook::check_address`] refuses, whatever the name
    /// resolves to at that moment, and follows no redirect.
    async fn send(&self, message: &Message) -> Sent;
}

/// A secret that nobody has yet, and what its signatures are verified with where that is something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshSecret {
    pub secret: Secret,
    pub public_key: Option<String>,
}

/// What is signed: the specification joins the three with dots.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub id: &'a str,
    pub at: Timestamp,
    pub body: &'a str,
}

/// Signatures of the Standard Webhooks specification.
pub trait WebhookSigner: Send + Sync {
    /// Of 32 random bytes.
    fn fresh(&self, signature: Signature, random: [u8; 32]) -> Result<FreshSecret, PortError>;

    /// One signature, as the header has it: `v1,...` or `v1a,...`.
    fn sign(&self, signature: Signature, secret: &Secret, signed: Signed<'_>) -> Result<String, PortError>;
}
