//! The event log as its readers see it.

use std::time::Duration;

use domain::access::Caller;
use domain::event::{Event, KEPT_FOR};
use domain::ids::{EventId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::commerce::{EventFilter, Events};

use crate::Error;

const NOUN: &str = "event";

/// One of what the caller may not read is not there for them.
pub async fn get(events: &dyn Events, caller: &Caller, id: EventId, now: Timestamp) -> Result<Event, Error> {
    let event = find(events, caller.tenant, id, now).await?;
    if may_read(caller, &event) { Ok(event) } else { Err(Error::NotFound(NOUN)) }
}

/// An event that is past its 30 days is gone, even while the table still holds it.
pub(crate) async fn find(events: &dyn Events, tenant: TenantId, id: EventId, now: Timestamp) -> Result<Event, Error> {
    let event = events.get(tenant, id).await?.filter(|event| now < event.expires_at());
    event.ok_or(Error::NotFound(NOUN))
}

/// A page has fewer events than were asked for, where some are not for the caller; it still leads to the next.
pub async fn list(
    events: &dyn Events,
    caller: &Caller,
    filter: &EventFilter,
    page: PageRequest<EventId>,
    now: Timestamp,
) -> Result<Page<Event, EventId>, Error> {
    // One of exactly 30 days ago is gone, as it is for `get`.
    let oldest = now.minus(KEPT_FOR).plus(Duration::from_millis(1));
    let from = filter.from.map_or(oldest, |from| from.max(oldest));
    let filter = EventFilter { from: Some(from), to: filter.to };
    let Page { mut items, next } = events.list(caller.tenant, &filter, page).await?;
    items.retain(|event| may_read(caller, event));
    Ok(Page { items, next })
}

fn may_read(caller: &Caller, event: &Event) -> bool {
    caller.grant.allows(event.kind.least_action())
}
