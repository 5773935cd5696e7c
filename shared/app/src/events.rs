//! The event log as its readers see it.

use std::time::Duration;

use domain::event::{Event, KEPT_FOR};
use domain::ids::{EventId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::commerce::{EventFilter, Events};

use crate::Error;

/// An event that is past its 30 days is gone, even while the table still holds it.
pub async fn get(events: &dyn Events, tenant: TenantId, id: EventId, now: Timestamp) -> Result<Event, Error> {
    let event = events.get(tenant, id).await?.filter(|event| now < event.expires_at());
    event.ok_or(Error::NotFound("event"))
}

pub async fn list(
    events: &dyn Events,
    tenant: TenantId,
    filter: &EventFilter,
    page: PageRequest<EventId>,
    now: Timestamp,
) -> Result<Page<Event, EventId>, Error> {
    // One of exactly 30 days ago is gone, as it is for `get`.
    let oldest = now.minus(KEPT_FOR).plus(Duration::from_millis(1));
    let from = filter.from.map_or(oldest, |from| from.max(oldest));
    let filter = EventFilter { from: Some(from), to: filter.to };
    Ok(events.list(tenant, &filter, page).await?)
}
