//! Reading events and taking them off the list of unpublished ones.

use async_trait::async_trait;
use domain::event::{Event, PUBLISH_AGAIN_AFTER};
use domain::ids::{EventId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{EventFilter, Events};

use super::page::{by_id, newest_first, page};
use super::{CommerceTable, Store};

#[async_trait]
impl Events for Store {
    async fn get(&self, tenant: TenantId, id: EventId) -> Result<Option<Event>, PortError> {
        self.faults.call("events.get", || Ok(self.commerce.get().events.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &EventFilter,
        request: PageRequest<EventId>,
    ) -> Result<Page<Event, EventId>, PortError> {
        let EventFilter { from, to } = filter;
        let in_range = |event: &Event| {
            from.is_none_or(|from| from <= event.created_at) && to.is_none_or(|to| event.created_at < to)
        };
        let effect = || {
            let table = self.commerce.get();
            let found = newest_first(&table.events, tenant).filter(|(_, event)| in_range(event));
            Ok(page(found, request, by_id))
        };
        self.faults.call("events.list", effect).await
    }

    async fn between(
        &self,
        tenant: TenantId,
        after: EventId,
        before: EventId,
        limit: usize,
    ) -> Result<Vec<Event>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let after = EventId::from_u128(after.as_u128().saturating_add(1));
            if after >= before {
                return Ok(Vec::new());
            }
            let found = table.events.range((tenant, after)..(tenant, before));
            Ok(found.take(self.page_of(limit)).map(|(_, event)| event.clone()).collect())
        };
        self.faults.call("events.between", effect).await
    }

    async fn mark_published(&self, event: &Event) -> Result<(), PortError> {
        let effect = || {
            self.commerce.get().mark_published(event.tenant, event.id);
            Ok(())
        };
        self.faults.call("events.mark_published", effect).await
    }
}

impl CommerceTable {
    fn mark_published(&mut self, tenant: TenantId, id: EventId) {
        let Some(event) = self.events.get(&(tenant, id)) else { return };
        let was_listed = self.unpublished.remove(&place(event));
        if was_listed {
            // The row changes, so the stream says so, though nothing of the event does.
            self.stream.push(Some(event.clone()), Some(event.clone()));
        }
    }

    pub(super) fn delete_expired_events(&mut self, now: Timestamp) {
        let Self { events, unpublished, .. } = self;
        let is_over = |event: &Event| event.expires_at() <= now && !unpublished.contains(&place(event));
        for (_, event) in events.extract_if(.., |_, event| is_over(event)) {
            self.stream.push(Some(event), None);
        }
    }
}

/// Where an event stands in the list of unpublished ones.
pub(super) fn place(event: &Event) -> (Timestamp, TenantId, EventId) {
    (event.created_at.plus(PUBLISH_AGAIN_AFTER), event.tenant, event.id)
}
