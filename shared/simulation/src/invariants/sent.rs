//! What was sent: an event is off the list of the unpublished when every queue that wants it has it, and not before.

use super::{Books, Holds, Touched, ensure};
use crate::sent::Sent;

pub(super) fn is_all(books: &Books, touched: &Touched, sent: &Sent) -> Holds {
    for event in touched.published.iter().filter_map(|id| books.events.get(id)) {
        let unsent = event.kind.queues().iter().find(|queue| !sent.holds(**queue, event.id));
        ensure(unsent.is_none(), || format!("{} is marked as published and was not sent to {unsent:?}", event.id))?;
    }
    Ok(())
}
