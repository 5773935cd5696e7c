//! K3: many deliveries are due at once, and the index that finds them lags behind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_simulation::{Setup, Wiring, World, run};
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::webhook::{Delivery, DeliveryStatus};
use memory::Manner;
use ports::PortError;
use ports::webhooks::{DeliveryKey, WebhookDeliveries};
use serde_json::json;

use super::Scene;
use super::webhook_burst::burst;
use super::webhooks::FIRST;

/// Shows what was due when it was first asked at a moment.
struct LaggingIndex {
    next: Arc<dyn WebhookDeliveries>,
    shown: Mutex<Option<(Timestamp, Vec<DeliveryKey>)>>,
}

#[async_trait]
impl WebhookDeliveries for LaggingIndex {
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
        let present = self.next.due(now, limit).await?;
        let mut shown = self.shown.lock().expect("nobody panics");
        let (_, keys) = shown.take_if(|(at, _)| *at == now).unwrap_or((now, present));
        Ok(shown.insert((now, keys)).1.clone())
    }
}

#[test]
fn k3_each_delivery_that_is_due_is_put_into_the_queue_once_a_run() {
    const MANY: usize = 600;
    let rewire = |wiring: Wiring| {
        let deliveries = LaggingIndex { next: wiring.deliveries.clone(), shown: Mutex::default() };
        Wiring { deliveries: Arc::new(deliveries), ..wiring }
    };
    let scene = Scene::of(World::of(Setup { rewire, ..Setup::default() }));
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    burst(&scene, MANY);
    scene.world.settle();
    scene.world.clock.advance(Duration::from_secs(60 * 60));
    let swept = run(scene.world.wake_step()).expect("nothing fails");
    assert_eq!((swept.done, swept.failed), (MANY, 0));
}
