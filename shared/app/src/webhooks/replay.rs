//! Replays: one event, what has failed since a moment, what was never sent since a moment. The latter two go through the
//! deliveries or the log a page a message, one at a time for an endpoint, and each page's deliveries come up by messages of
//! their own.

use std::fmt;
use std::time::Duration;

use domain::event::{Event, Notice, Queue};
use domain::ids::{EventId, WebhookEndpointId};
use domain::webhook::{Cause, Delivery, DeliveryStatus, Endpoint};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::commerce::Consistency;
use ports::webhooks::DeliveryKey;

use super::{AT_ONCE, Delivering, attempt, due_at, due_notice, nameless, ordered, read_event};
use crate::Context;
use crate::commit::TRIES;
use crate::work::WorkError;

const PER_PAGE: usize = 100;
/// One page after the other, so that no replay fills the queue: fifty events a second for an endpoint.
const PAGE_EVERY: Duration = Duration::from_secs(2);
/// When one asks again that has found another under way.
const ASKS_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is asked for, as the message says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    Event(EventId),
    /// Those that failed, of events after one.
    FailedAfter(EventId),
    NeverSentAfter(EventId),
}

impl Replay {
    pub(crate) fn is_of_many(self) -> bool {
        match self {
            Self::Event(_) => false,
            Self::FailedAfter(_) | Self::NeverSentAfter(_) => true,
        }
    }

    pub(crate) fn subject(self, endpoint: WebhookEndpointId) -> String {
        format!("{endpoint}/{self}")
    }

    fn parse(subject: &str) -> Option<(WebhookEndpointId, Self)> {
        let (endpoint, rest) = subject.split_once('/')?;
        let (what, event) = rest.split_once('/')?;
        let event = event.parse().ok()?;
        let replay = match what {
            "event" => Self::Event(event),
            "failed" => Self::FailedAfter(event),
            "never_sent" => Self::NeverSentAfter(event),
            _ => return None,
        };
        Some((endpoint.parse().ok()?, replay))
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => write!(f, "event/{event}"),
            Self::FailedAfter(event) => write!(f, "failed/{event}"),
            Self::NeverSentAfter(event) => write!(f, "never_sent/{event}"),
        }
    }
}

pub(super) async fn run(context: &Context<'_>, on: Delivering<'_>, notice: &Notice) -> Result<(), WorkError> {
    let (id, replay) = Replay::parse(&notice.subject).ok_or_else(nameless)?;
    let endpoint = on.endpoints.get(notice.tenant, id, Consistency::Strong).await?;
    let Some(endpoint) = endpoint.filter(Endpoint::is_enabled) else { return Ok(()) };
    if replay.is_of_many() && !takes_turn(context, on, &endpoint, notice.event).await? {
        let later = [notice.clone()];
        return Ok(on.queues.send_after(Queue::Webhooks, ASKS_AGAIN_AFTER, &later).await?);
    }
    let next = match replay {
        Replay::Event(event) => return again(context, on, &endpoint, event, notice.event).await,
        Replay::FailedAfter(after) => {
            failed(context, on, &endpoint, (after, notice.event)).await?.map(Replay::FailedAfter)
        }
        Replay::NeverSentAfter(after) => {
            never_sent(context, on, &endpoint, (after, notice.event)).await?.map(Replay::NeverSentAfter)
        }
    };
    match next {
        Some(next) => {
            let more = Notice { subject: next.subject(id), ..notice.clone() };
            Ok(on.queues.send_after(Queue::Webhooks, PAGE_EVERY, &[more]).await?)
        }
        None => end_turn(on, &endpoint, notice.event).await,
    }
}

/// Of the replays of many events to an endpoint one is under way. Each of its pages prolongs its turn.
async fn takes_turn(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    event: EventId,
) -> Result<bool, WorkError> {
    let mut health = endpoint.health.clone();
    for _ in 0..TRIES {
        let Some(next) = health.replays(event, context.now()) else { return Ok(false) };
        if on.endpoints.put_health(endpoint.tenant, endpoint.id, &next).await? {
            return Ok(true);
        }
        match on.endpoints.get(endpoint.tenant, endpoint.id, Consistency::Strong).await? {
            Some(present) => health = present.health,
            None => return Ok(false),
        }
    }
    Err(WorkError::contended())
}

/// Where others write all the time, it ends by itself.
async fn end_turn(on: Delivering<'_>, endpoint: &Endpoint, event: EventId) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let present = on.endpoints.get(endpoint.tenant, endpoint.id, Consistency::Strong).await?;
        let Some(next) = present.and_then(|present| present.health.replayed(event)) else { return Ok(()) };
        if on.endpoints.put_health(endpoint.tenant, endpoint.id, &next).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Sent at once, whatever came of it before. `asked` is the replay's own event.
async fn again(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    event: EventId,
    asked: EventId,
) -> Result<(), WorkError> {
    let key = DeliveryKey { tenant: endpoint.tenant, endpoint: endpoint.id, event };
    let Some(event) = read_event(context, on, key.tenant, event).await? else { return Ok(()) };
    let replayed = match on.deliveries.get(key).await? {
        // A second message of the same replay: it is under way, and its row or message brings it back.
        Some(delivery) if delivery.is_replayed_since(asked.made_at()) => return Ok(()),
        Some(delivery) => delivery.replayed(context.now()),
        None => new(context, endpoint, &event),
    };
    if !on.deliveries.put(&replayed, replayed.next_at.map(|at| due_at(at, context.now()))).await? {
        return Err(WorkError::contended());
    }
    attempt::send(context, on, endpoint, &event, replayed).await?;
    ordered::wake_behind(context, on, key, endpoint).await
}

/// One page, up to the replay's own event: what fails of later ones is another's. Says where the next begins; a page may be
/// short though there is more, and behind the last comes one that is empty.
async fn failed(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    (after, before): (EventId, EventId),
) -> Result<Option<EventId>, WorkError> {
    let mut page = on.deliveries.after(endpoint.tenant, endpoint.id, after, PER_PAGE).await?;
    page.retain(|delivery| delivery.event < before);
    let next = page.last().map(|last| last.event);
    let has_failed = |delivery: &Delivery| match delivery.status {
        DeliveryStatus::Failed | DeliveryStatus::Skipped => true,
        DeliveryStatus::Pending | DeliveryStatus::Succeeded => false,
    };
    let again = page.into_iter().filter(has_failed).map(|delivery| delivery.replayed(context.now())).collect();
    bring_up(context, on, again).await?;
    Ok(next)
}

/// One page of the log, up to the replay's own event. Every delivery is of an event in the log, so those of the page's
/// events are the first after where the page begins. Where that page is the shorter one, a row that is there already is
/// not written over.
async fn never_sent(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    (after, before): (EventId, EventId),
) -> Result<Option<EventId>, WorkError> {
    let page = on.events.between(endpoint.tenant, after, before, PER_PAGE).await?;
    let next = page.last().map(|last| last.id);
    let known = on.deliveries.after(endpoint.tenant, endpoint.id, after, PER_PAGE).await?;
    let is_known = |event: &Event| known.iter().any(|delivery| delivery.event == event.id);
    let wanted = page.into_iter().filter(|event| endpoint.types.wants(event.kind) && !is_known(event));
    bring_up(context, on, wanted.map(|event| new(context, endpoint, &event)).collect()).await?;
    Ok(next)
}

fn new(context: &Context<'_>, endpoint: &Endpoint, event: &Event) -> Delivery {
    let place = (endpoint.tenant, endpoint.id);
    let new = Delivery::new(place, (event.id, event.kind), Cause::Replay, context.now());
    Delivery { version: 1, ..new }
}

/// Rows first: a message that finds none is for an event that nobody was told of.
async fn bring_up(context: &Context<'_>, on: Delivering<'_>, deliveries: Vec<Delivery>) -> Result<(), WorkError> {
    let now = context.now();
    let write = async |delivery: Delivery| {
        let is_written = on.deliveries.put(&delivery, Some(due_at(now, now))).await?;
        let key = DeliveryKey { tenant: delivery.tenant, endpoint: delivery.endpoint, event: delivery.event };
        Ok::<_, WorkError>(is_written.then(|| due_notice(key, None)))
    };
    let written = stream::iter(deliveries.into_iter().map(write)).buffered(AT_ONCE);
    let notices: Vec<Option<Notice>> = written.try_collect().await?;
    let notices: Vec<Notice> = notices.into_iter().flatten().collect();
    Ok(on.queues.send(Queue::Webhooks, &notices).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_back() {
        let (endpoint, event) = (WebhookEndpointId::from_u128(1), EventId::from_u128(2));
        for replay in [Replay::Event(event), Replay::FailedAfter(event), Replay::NeverSentAfter(event)] {
            assert_eq!(Replay::parse(&replay.subject(endpoint)), Some((endpoint, replay)));
        }
        assert_eq!(Replay::parse(&format!("{endpoint}/forgotten/{event}")), None);
    }
}
