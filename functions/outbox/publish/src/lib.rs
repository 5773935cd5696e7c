//! The commerce stream: events that a commit wrote go to the queues that want them.

use app::outbox;
use ports::PortError;
use ports::commerce::Events;
use ports::queues::Queues;
use ports::stream::{Image, StreamChange};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub queues: &'a dyn Queues,
    pub events: &'a dyn Events,
}

/// Only new events are published: later changes of an event's row are its mark and its end.
pub async fn step(deps: Deps<'_>, changes: Vec<StreamChange>) -> Result<(), PortError> {
    let new_event = |change| match change {
        StreamChange { old: None, new: Some(Image::Event(event)) } => Some(event),
        _ => None,
    };
    let events: Vec<_> = changes.into_iter().filter_map(new_event).collect();
    outbox::publish(deps.queues, deps.events, &events).await
}
