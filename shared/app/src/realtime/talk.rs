//! What clients say on their sockets, and what they are answered. Whatever is not understood changes nothing.

use std::collections::BTreeSet;

use domain::event::EventType;
use domain::field::FieldError;
use domain::ids::EventId;
use domain::socket::{Socket, Topic};
use ports::queues::Queues;
use ports::realtime::{Pushed, Pusher, Sockets};

use super::feed::{Feeding, Resumed, before, resume};
use super::{SocketKey, release, send};
use crate::Context;
use crate::commit::TRIES;
use crate::work::WorkError;

#[derive(Clone, Copy)]
pub struct Talking<'a> {
    pub sockets: &'a dyn Sockets,
    pub feeding: Feeding<'a>,
    pub queues: &'a dyn Queues,
    pub pusher: &'a dyn Pusher,
}

/// The connection stands, and its row has gone.
const CLOSED: &str = "closed";

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// From now on, or from behind an event that it has seen.
    Subscribe {
        topics: BTreeSet<Topic>,
        after: Option<EventId>,
    },
    Unsubscribe {
        topics: BTreeSet<Topic>,
    },
}

/// Why a message has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub code: &'static str,
    pub detail: String,
    pub errors: Vec<FieldError>,
}

impl Complaint {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new() }
    }
}

/// Carries out what was said and answers it. The code of the complaint, where there is one.
pub async fn answer(
    context: &Context<'_>,
    on: Talking<'_>,
    key: &SocketKey,
    said: Result<Said, Complaint>,
) -> Result<Option<&'static str>, WorkError> {
    let done = match said {
        Ok(Said::Subscribe { topics, after }) => subscribe(context, on, key, &topics, after).await,
        Ok(Said::Unsubscribe { topics }) => unsubscribe(on, key, &topics).await,
        Err(complaint) => Ok(Err(complaint)),
    };
    let complaint = match done {
        Ok(Ok(())) => return Ok(None),
        Ok(Err(complaint)) => complaint,
        Err(error) => {
            // The client waits for an answer; that this one comes is not sure either.
            let complaint = Complaint::new("unavailable", "Try again in a moment.");
            drop(complain(context, on, key, &complaint).await);
            return Err(error);
        }
    };
    complain(context, on, key, &complaint).await?;
    if complaint.code == CLOSED {
        on.pusher.close(&key.id).await?;
    }
    Ok(Some(complaint.code))
}

async fn subscribe(
    context: &Context<'_>,
    on: Talking<'_>,
    key: &SocketKey,
    topics: &BTreeSet<Topic>,
    after: Option<EventId>,
) -> Result<Result<(), Complaint>, WorkError> {
    for _ in 0..TRIES {
        let Some(socket) = on.sockets.get(key.tenant, &key.id).await? else { return Ok(Err(closed())) };
        if let Some(topic) = topics.iter().find(|topic| !topic.is_open_to(&socket.caller.grant)) {
            return Ok(Err(forbidden(*topic)));
        }
        let place = if after.is_some() || socket.topics.is_empty() {
            match resume(context, on.feeding, key.tenant, after).await? {
                Resumed::At(place) => Some(place),
                Resumed::TooOld => return Ok(Err(too_old())),
                Resumed::Unknown => return Ok(Err(unknown())),
            }
        } else {
            None
        };
        let next = socket.subscribed(topics, place, context.now());
        let behind = match after {
            Some(after) => Some(after),
            None => before(on.feeding, key.tenant, next.place).await?,
        };
        if on.sockets.put(&next).await? {
            say(on, key, &api::subscribed(&next.topics, behind)).await?;
            return set_off(context, on, key, &next).await.map(Ok);
        }
    }
    Err(WorkError::contended())
}

/// It has been answered: what waits may be pushed.
async fn set_off(context: &Context<'_>, on: Talking<'_>, key: &SocketKey, answered: &Socket) -> Result<(), WorkError> {
    let now = context.now();
    let is_another_s = answered.turn.wanted;
    // Who is at it looks again, unless they have died.
    let wait = answered.turn.lease_until.filter(|_| is_another_s).map(|until| until.since(now)).unwrap_or_default();
    if !is_another_s {
        release(on.sockets, key, answered.turn.lease_until).await?;
    }
    Ok(send(context, on.queues, EventType::RealtimeSocketWanting, key, wait).await?)
}

async fn unsubscribe(
    on: Talking<'_>,
    key: &SocketKey,
    topics: &BTreeSet<Topic>,
) -> Result<Result<(), Complaint>, WorkError> {
    for _ in 0..TRIES {
        let Some(socket) = on.sockets.get(key.tenant, &key.id).await? else { return Ok(Err(closed())) };
        let next = socket.unsubscribed(topics);
        if on.sockets.put(&next).await? {
            say(on, key, &api::unsubscribed(&next.topics)).await?;
            return Ok(Ok(()));
        }
    }
    Err(WorkError::contended())
}

async fn complain(
    context: &Context<'_>,
    on: Talking<'_>,
    key: &SocketKey,
    complaint: &Complaint,
) -> Result<(), WorkError> {
    let Complaint { code, detail, errors } = complaint;
    say(on, key, &api::complaint(code, detail, errors, context.origin.request_id.as_deref())).await
}

async fn say(on: Talking<'_>, key: &SocketKey, text: &str) -> Result<(), WorkError> {
    match on.pusher.push(&key.id, text).await? {
        Pushed::Taken => Ok(()),
        Pushed::Gone => Ok(on.sockets.remove(key.tenant, &key.id).await?),
    }
}

fn closed() -> Complaint {
    Complaint::new(CLOSED, "The socket is being closed. Connect again with a valid access token.")
}

fn forbidden(topic: Topic) -> Complaint {
    Complaint::new("forbidden", format!("The access token may not read {topic}."))
}

fn too_old() -> Complaint {
    let detail =
        "What happened after this event cannot be told any more. Read GET /events, then subscribe without after.";
    Complaint::new("after_too_old", detail)
}

fn unknown() -> Complaint {
    Complaint::new("after_unknown", "There is no such event.")
}
