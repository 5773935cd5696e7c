//! Reading webhook endpoints and deliveries, and writing what workers write of them.

use async_trait::async_trait;
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::webhook::{Delivery, DeliveryStatus, Endpoint, Health};
use ports::PortError;
use ports::commerce::Consistency;
use ports::webhooks::{DeliveryKey, WebhookDeliveries, WebhookEndpoints};

use super::Store;
use super::due::oldest_first;
use super::page::{by_id, newest_first, page};

#[async_trait]
impl WebhookEndpoints for Store {
    async fn get(
        &self,
        tenant: TenantId,
        id: WebhookEndpointId,
        _: Consistency,
    ) -> Result<Option<Endpoint>, PortError> {
        self.faults.call("endpoints.get", || Ok(self.platform.get().endpoints.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        request: PageRequest<WebhookEndpointId>,
    ) -> Result<Page<Endpoint, WebhookEndpointId>, PortError> {
        let effect = || Ok(page(newest_first(&self.platform.get().endpoints, tenant), request, by_id));
        self.faults.call("endpoints.list", effect).await
    }

    async fn all(&self, tenant: TenantId) -> Result<Vec<Endpoint>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let mut all: Vec<Endpoint> =
                newest_first(&table.endpoints, tenant).map(|(_, endpoint)| endpoint.clone()).collect();
            all.reverse();
            Ok(all)
        };
        self.faults.call("endpoints.all", effect).await
    }

    async fn put_health(&self, tenant: TenantId, id: WebhookEndpointId, health: &Health) -> Result<bool, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let Some(stored) = table.endpoints.get_mut(&(tenant, id)) else { return Ok(false) };
            let follows = stored.health.version + 1 == health.version;
            if follows {
                stored.health = health.clone();
                table.stream.push_other();
            }
            Ok(follows)
        };
        self.faults.call("endpoints.put_health", effect).await
    }
}

#[async_trait]
impl WebhookDeliveries for Store {
    async fn get(&self, key: DeliveryKey) -> Result<Option<Delivery>, PortError> {
        let DeliveryKey { tenant, endpoint, event } = key;
        let effect = || {
            let table = self.platform.get();
            Ok(table.deliveries.get(&(tenant, endpoint, event)).map(|(delivery, _)| delivery.clone()))
        };
        self.faults.call("deliveries.get", effect).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        status: Option<DeliveryStatus>,
        request: PageRequest<EventId>,
    ) -> Result<Page<Delivery, EventId>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let of_endpoint = table.deliveries.range(of_endpoint(tenant, endpoint)).rev();
            let found = of_endpoint
                .map(|((.., event), (delivery, _))| (*event, delivery))
                .filter(|(_, delivery)| status.is_none_or(|status| status == delivery.status));
            Ok(page(found, request, by_id))
        };
        self.faults.call("deliveries.list", effect).await
    }

    async fn after(
        &self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<Delivery>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let later = table.deliveries.range(of_endpoint(tenant, endpoint)).filter(|((.., event), _)| *event > after);
            Ok(later.take(self.page_of(limit)).map(|(_, (delivery, _))| delivery.clone()).collect())
        };
        self.faults.call("deliveries.after", effect).await
    }

    async fn put(&self, delivery: &Delivery, due_at: Option<Timestamp>) -> Result<bool, PortError> {
        let place = (delivery.tenant, delivery.endpoint, delivery.event);
        let effect = || {
            let mut table = self.platform.get();
            let stands = match table.deliveries.get(&place) {
                Some((stored, _)) => stored.version + 1 == delivery.version,
                None => delivery.version <= 1,
            };
            if stands {
                table.deliveries.insert(place, (delivery.clone(), due_at));
                table.stream.push_other();
            }
            Ok(stands)
        };
        self.faults.call("deliveries.put", effect).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryKey>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let rows = table.deliveries.iter().map(|((tenant, endpoint, event), (_, due_at))| {
                (*due_at, DeliveryKey { tenant: *tenant, endpoint: *endpoint, event: *event })
            });
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("deliveries.due", effect).await
    }
}

type Place = (TenantId, WebhookEndpointId, EventId);

fn of_endpoint(tenant: TenantId, endpoint: WebhookEndpointId) -> std::ops::RangeInclusive<Place> {
    (tenant, endpoint, EventId::from_u128(0))..=(tenant, endpoint, EventId::from_u128(u128::MAX))
}
