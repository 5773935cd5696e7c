//! Deliveries as they are, but for which of them an index shows as due.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::webhook::{Delivery, DeliveryStatus};
use ports::PortError;
use ports::webhooks::{DeliveryKey, WebhookDeliveries};

pub struct DueAs<F> {
    pub next: Arc<dyn WebhookDeliveries>,
    /// What is shown at a moment, of what is due then.
    pub shown: F,
}

#[async_trait]
impl<F> WebhookDeliveries for DueAs<F>
where
    F: Fn(Timestamp, Vec<DeliveryKey>) -> Vec<DeliveryKey> + Send + Sync,
{
    async fn get(&self, key: DeliveryKey) -> Result<Option<Delivery>, PortError> {
        self.next.get(key).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        status: Option<DeliveryStatus>,
        page: PageRequest<EventId>,
    ) -> Result<Page<Delivery, EventId>, PortError> {
        self.next.list(tenant, endpoint, status, page).await
    }

    async fn after(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Delivery>, PortError> {
        self.next.after(tenant, endpoint, after, limit).await
    }

    async fn put(&self, delivery: &Delivery, due_at: Option<Timestamp>) -> Result<bool, PortError> {
        self.next.put(delivery, due_at).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryKey>, PortError> {
        Ok((self.shown)(now, self.next.due(now, limit).await?))
    }
}
