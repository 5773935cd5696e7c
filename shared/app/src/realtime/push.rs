//! The realtime worker. An event is taken into its tenant's feed, then every socket that wants it is pushed on, side by side:
//! one that is slow holds no other. Whoever has a socket's lease goes through the feed from where the socket is.

use std::time::Duration;

use domain::event::{Event, EventType, KEPT_FOR, Notice};
use domain::feed::{FeedPlace, Told};
use domain::ids::EventId;
use domain::socket::{Closing, LOOKED_AT_EACH, SOCKETS_MAX, Socket, SocketId};
use domain::time::Timestamp;
use domain::turn::Turn;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::queues::Queues;
use ports::realtime::{Pushed, Pusher, Sockets};

use super::feed::{self, Feeding, Taken};
use super::{SocketKey, release, send};
use crate::Context;
use crate::commit::TRIES;
use crate::outside::Standing;
use crate::work::WorkError;

/// To how many sockets of a tenant an event is pushed at once: all of them, so that none waits for another.
const AT_ONCE: usize = SOCKETS_MAX;
/// How many events are pushed before the place is written, and the socket looked at again.
const PER_WRITE: usize = 25;
/// How many of them are read at once.
const READS_AT_ONCE: usize = 8;
/// How long one who has the lease pushes before it goes on in a message of its own.
const RUNS_FOR: Duration = Duration::from_secs(20);

#[derive(Clone, Copy)]
pub struct Pushing<'a> {
    pub sockets: &'a dyn Sockets,
    pub feeding: Feeding<'a>,
    pub queues: &'a dyn Queues,
    pub pusher: &'a dyn Pusher,
    pub standing: Standing<'a>,
}

/// One message of the realtime queue.
pub async fn work(context: &Context<'_>, on: Pushing<'_>, notice: &Notice) -> Result<(), WorkError> {
    match notice.kind {
        EventType::RealtimeSocketWanting => {
            let key = key_of(notice)?;
            if feed::catch_up(context, on.feeding, key.tenant).await? {
                return wake(context, on, &key).await;
            }
            wake(context, on, &key).await?;
            Ok(send(context, on.queues, EventType::RealtimeSocketWanting, &key, Duration::ZERO).await?)
        }
        EventType::RealtimeSocketDue => look(context, on, &key_of(notice)?).await,
        _happened => tell(context, on, notice).await,
    }
}

async fn tell(context: &Context<'_>, on: Pushing<'_>, notice: &Notice) -> Result<(), WorkError> {
    // Past its 30 days it is nobody's news: the log has it no longer, and the block that had it may be gone as well.
    if notice.event < EventId::floor_at(context.now().minus(KEPT_FOR)) {
        return Ok(());
    }
    let told = Told { event: notice.event, kind: notice.kind };
    if let Taken::NobodyListens = feed::take_in(context, on.feeding, notice.tenant, told).await? {
        return Ok(());
    }
    let sockets = on.sockets.all(notice.tenant).await?;
    let wanting = sockets.into_iter().filter(|socket| socket.wants(notice.kind));
    let keys = wanting.map(|socket| SocketKey { tenant: notice.tenant, id: socket.id });
    let pushes = keys.map(async |key| begin(context, on, &key).await);
    let results: Vec<Result<(), WorkError>> = stream::iter(pushes).buffer_unordered(AT_ONCE).collect().await;
    results.into_iter().collect()
}

/// A socket that fails gets a message of its own: the event's would do all the others again.
async fn begin(context: &Context<'_>, on: Pushing<'_>, key: &SocketKey) -> Result<(), WorkError> {
    let Err(error) = wake(context, on, key).await else { return Ok(()) };
    tracing::warn!(error = %error, socket = %key.id, "to be tried by a message of its own");
    Ok(send(context, on.queues, EventType::RealtimeSocketWanting, key, Duration::from_secs(1)).await?)
}

/// Whether the socket still may be open. As long as it may, it is looked at again. A connection without a row hears of
/// nothing, so it is closed if it is there at all.
async fn look(context: &Context<'_>, on: Pushing<'_>, key: &SocketKey) -> Result<(), WorkError> {
    let Some(socket) = on.sockets.get(key.tenant, &key.id).await? else {
        return Ok(on.pusher.close(&key.id).await?);
    };
    if let Some(closing) = to_be_closed(context, on, &socket).await? {
        return end(on, key, closing).await;
    }
    let wait = socket.expires_at().since(context.now()).min(LOOKED_AT_EACH);
    Ok(send(context, on.queues, EventType::RealtimeSocketDue, key, wait).await?)
}

/// Pushes what is to be pushed, unless somebody is at it: then they, or a message after them, push it.
async fn wake(context: &Context<'_>, on: Pushing<'_>, key: &SocketKey) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let Some(socket) = on.sockets.get(key.tenant, &key.id).await? else { return Ok(()) };
        if socket.topics.is_empty() {
            return Ok(());
        }
        let now = context.now();
        if socket.turn.is_leased(now) {
            // Who asked first comes again when the lease is over, should its holder be dead.
            if socket.turn.wanted {
                return Ok(());
            }
            let wait = socket.turn.lease_until.unwrap_or(now).since(now);
            send(context, on.queues, EventType::RealtimeSocketWanting, key, wait).await?;
            if on.sockets.put(&socket.turned(socket.turn.asked_for_more())).await? {
                return Ok(());
            }
            continue;
        }
        let leased = socket.turned(Turn::taken(now));
        if on.sockets.put(&leased).await? {
            let mut lease = leased.turn.lease_until;
            let result = go_through(context, on, key, leased, &mut lease).await;
            if result.is_err() {
                // Else who tries again waits for the lease. That this fails as well is told by the first failure.
                drop(release(on.sockets, key, lease).await);
            }
            return result;
        }
    }
    // Others are waking it all the time: one of them has it.
    Ok(send(context, on.queues, EventType::RealtimeSocketWanting, key, Duration::from_secs(1)).await?)
}

/// The lease is ours as long as it is the one we took or prolonged.
async fn go_through(
    context: &Context<'_>,
    on: Pushing<'_>,
    key: &SocketKey,
    mut socket: Socket,
    lease: &mut Option<Timestamp>,
) -> Result<(), WorkError> {
    let ends_at = context.now().plus(RUNS_FOR);
    while context.now() < ends_at {
        let behind = feed::behind(on.feeding, key.tenant, socket.place).await?;
        if behind.is_empty() {
            if rest(on, &socket).await? {
                return Ok(());
            }
            let Some(present) = ours(on, key, *lease).await? else { return Ok(()) };
            socket = present;
            continue;
        }
        if let Some(closing) = to_be_closed(context, on, &socket).await? {
            return end(on, key, closing).await;
        }
        let pushed = push_some(context, on, &socket, &behind, ends_at).await;
        let (Ok(place) | Err(Stopped { place, .. })) = pushed;
        if place != socket.place {
            let Some(moved) = move_on(context, on, key, lease, (socket.place, place)).await? else { return Ok(()) };
            socket = moved;
        }
        match pushed.map_err(|stopped| stopped.by) {
            Ok(_) => {}
            Err(By::Gone) => return Ok(on.sockets.remove(key.tenant, &key.id).await?),
            Err(By::Expiry) => return end(on, key, Closing::TokenExpired).await,
            Err(By::Failure(error)) => return Err(error),
        }
    }
    release(on.sockets, key, *lease).await?;
    Ok(send(context, on.queues, EventType::RealtimeSocketWanting, key, Duration::ZERO).await?)
}

/// Why the next event was not pushed, and how far it went before.
struct Stopped {
    place: FeedPlace,
    by: By,
}

enum By {
    Gone,
    Expiry,
    Failure(WorkError),
}

/// Pushes the next events that the socket wants, one after the other, and says how far it is then.
async fn push_some(
    context: &Context<'_>,
    on: Pushing<'_>,
    socket: &Socket,
    behind: &[(FeedPlace, Told)],
    ends_at: Timestamp,
) -> Result<FeedPlace, Stopped> {
    let wanted = behind.iter().filter(|(_, told)| socket.wants(told.kind)).take(PER_WRITE);
    let mut place = socket.place;
    let mut count = 0;
    let read = async |(place, told): &(FeedPlace, Told)| {
        let event: Option<Event> = feed::event(on.feeding, socket.tenant(), told.event).await?;
        Ok::<_, WorkError>((*place, event))
    };
    let mut events = stream::iter(wanted.map(read)).buffered(READS_AT_ONCE);
    loop {
        let next = events.try_next().await.map_err(|error| Stopped { place, by: By::Failure(error) })?;
        let Some((behind_it, event)) = next else { break };
        // What is gone from the log is past its 30 days.
        if let Some(event) = event {
            if socket.is_expired(context.now()) {
                return Err(Stopped { place, by: By::Expiry });
            }
            match on.pusher.push(&socket.id, &api::pushed(&event)).await {
                Ok(Pushed::Taken) => {}
                Ok(Pushed::Gone) => return Err(Stopped { place, by: By::Gone }),
                Err(error) => return Err(Stopped { place, by: By::Failure(error.into()) }),
            }
        }
        place = behind_it;
        count += 1;
        if context.now() >= ends_at {
            return Ok(place);
        }
    }
    // What stands behind the last one that was wanted is not wanted, as far as has been looked.
    Ok(behind.last().filter(|_| count < PER_WRITE).map_or(place, |(last, _)| *last))
}

/// Writes how far the socket is, and keeps the lease. None when it is another's by now.
async fn move_on(
    context: &Context<'_>,
    on: Pushing<'_>,
    key: &SocketKey,
    lease: &mut Option<Timestamp>,
    (from, to): (FeedPlace, FeedPlace),
) -> Result<Option<Socket>, WorkError> {
    for _ in 0..TRIES {
        let Some(socket) = ours(on, key, *lease).await? else { return Ok(None) };
        let next = socket.moved(from, to, context.now());
        if on.sockets.put(&next).await? {
            *lease = next.turn.lease_until;
            return Ok(Some(next));
        }
    }
    Err(WorkError::contended())
}

/// Nothing is left. `false` when somebody has asked for more: who did since the feed was read has changed the version.
async fn rest(on: Pushing<'_>, socket: &Socket) -> Result<bool, WorkError> {
    let is_written = on.sockets.put(&socket.turned(socket.turn.rested())).await?;
    Ok(is_written && !socket.turn.wanted)
}

async fn ours(on: Pushing<'_>, key: &SocketKey, lease: Option<Timestamp>) -> Result<Option<Socket>, WorkError> {
    let socket = on.sockets.get(key.tenant, &key.id).await?;
    Ok(socket.filter(|socket| socket.turn.lease_until == lease))
}

async fn to_be_closed(context: &Context<'_>, on: Pushing<'_>, socket: &Socket) -> Result<Option<Closing>, WorkError> {
    let now = context.now();
    if socket.is_expired(now) {
        return Ok(Some(Closing::TokenExpired));
    }
    Ok(on.standing.is_revoked(&socket.caller, now).await?.then_some(Closing::SessionEnded))
}

/// Says why, closes the connection and forgets the socket, in that order: what fails is done again.
async fn end(on: Pushing<'_>, key: &SocketKey, closing: Closing) -> Result<(), WorkError> {
    if on.pusher.push(&key.id, &api::closing(closing)).await? == Pushed::Taken {
        on.pusher.close(&key.id).await?;
    }
    Ok(on.sockets.remove(key.tenant, &key.id).await?)
}

fn key_of(notice: &Notice) -> Result<SocketKey, WorkError> {
    let id = SocketId::parse(&notice.subject);
    let id = id.ok_or_else(|| WorkError::Poison("the message names no socket".to_owned()))?;
    Ok(SocketKey { tenant: notice.tenant, id })
}
