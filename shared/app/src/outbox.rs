//! The outbox: events that a commit wrote, on their way to the queues that want them.

use std::collections::BTreeMap;

use domain::event::{Event, Notice, Queue};
use futures_util::{StreamExt, stream};
use ports::PortError;
use ports::commerce::Events;
use ports::queues::Queues;

const MARKS_AT_ONCE: usize = 16;

/// Sends every event to its queues, then takes them off the list of the unpublished. Fails as a whole, so that the stream
/// gives the batch again: consumers take duplicates.
pub async fn publish(queues: &dyn Queues, events: &dyn Events, batch: &[Event]) -> Result<(), PortError> {
    let mut by_queue: BTreeMap<Queue, Vec<Notice>> = BTreeMap::new();
    for event in batch {
        for queue in event.kind.queues() {
            by_queue.entry(*queue).or_default().push(Notice::from(event));
        }
    }
    for (queue, notices) in &by_queue {
        queues.send(*queue, notices).await?;
    }
    stream::iter(batch.iter().map(|event| mark(events, event))).buffer_unordered(MARKS_AT_ONCE).collect::<()>().await;
    Ok(())
}

/// A mark that is not made costs a duplicate from the sweeper, never a loss: no reason to send the batch again.
async fn mark(events: &dyn Events, event: &Event) {
    if let Err(error) = events.mark_published(event).await {
        tracing::warn!(error = %error, event_id = %event.id, "published event not marked");
    }
}
