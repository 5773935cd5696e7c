//! Endpoints that want their events in order. Their queue is the tenant's log of events itself: whoever has the endpoint's
//! lease goes through it from the last event that is done with, one after the other, and stops at one that has to wait.

use std::collections::VecDeque;
use std::time::Duration;

use domain::event::Event;
use domain::ids::EventId;
use domain::time::Timestamp;
use domain::turn::Turn;
use domain::webhook::{Cause, Delivery, DeliveryStatus, Endpoint, Health};
use ports::commerce::Consistency;
use ports::queues::WAIT_MAX;
use ports::webhooks::DeliveryKey;

use super::attempt::{self, Went};
use super::{Delivering, due_notice, schedule};
use crate::Context;
use crate::commit::TRIES;
use crate::work::WorkError;

/// An id is made before its transaction is written, so the log of the last moment may still get one before one it has. After
/// this long it does not: a commit that has not ended by then has been given up.
const SETTLED_AFTER: Duration = Duration::from_secs(12);
/// What comes once more because the clocks of two instances are apart comes so much later.
const CLOCKS_APART: Duration = Duration::from_secs(1);
/// How many events one who has the lease sends before it goes on in a message of its own.
const PER_RUN: usize = 50;
/// How long it sends at most, but for the request that is under way then.
const RUNS_FOR: Duration = Duration::from_secs(30);
/// How many events of the log are read at once, and how many pages before it is written how far that was.
const PER_PAGE: usize = 100;
const PAGES_PER_LOOK: usize = 10;

/// An event has happened that the endpoint wants: as soon as the log is settled, it is its turn.
pub(super) async fn hear(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    event: &Event,
) -> Result<(), WorkError> {
    let key = DeliveryKey { tenant: event.tenant, endpoint: endpoint.id, event: event.id };
    schedule(context, on, key, settled_at(event.id, context.now()), event.trace.clone()).await
}

/// By this instance's clock a message may come early, and would find nothing to send; no other brings its event.
pub(super) async fn come_again_unless_settled(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
) -> Result<(), WorkError> {
    let now = context.now();
    if key.event < settled_before(now) {
        return Ok(());
    }
    come_again(context, on, key, settled_at(key.event, now).plus(CLOCKS_APART)).await
}

/// After an event went by itself: those behind it may have waited for it.
pub(super) async fn wake_behind(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    endpoint: &Endpoint,
) -> Result<(), WorkError> {
    let may_hold_others = endpoint.ordered && key.event > endpoint.health.sent_up_to;
    if may_hold_others { wake(context, on, key).await } else { Ok(()) }
}

/// Sends what is to be sent, unless somebody is at it: then they, or a message after them, send it.
pub(super) async fn wake(context: &Context<'_>, on: Delivering<'_>, key: DeliveryKey) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let Some(endpoint) = enabled(on, key).await? else { return Ok(()) };
        let now = context.now();
        let health = &endpoint.health;
        if health.turn.is_leased(now) {
            // Who asked first comes again when the lease is over, should its holder be dead.
            if health.turn.wanted {
                return Ok(());
            }
            come_again(context, on, key, health.turn.lease_until.unwrap_or(now)).await?;
            if on.endpoints.put_health(key.tenant, key.endpoint, &health.turned(health.turn.asked_for_more())).await? {
                return Ok(());
            }
            continue;
        }
        let leased = health.turned(Turn::taken(now));
        if on.endpoints.put_health(key.tenant, key.endpoint, &leased).await? {
            return go_through(context, on, key, leased.turn.lease_until).await;
        }
    }
    // Others are waking it all the time: one of them has it.
    come_again(context, on, key, context.now().plus(Duration::from_secs(1))).await
}

/// The lease is ours as long as it is the one we took or prolonged.
async fn go_through(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    mut lease: Option<Timestamp>,
) -> Result<(), WorkError> {
    let mut log = Log::default();
    let ends_at = context.now().plus(RUNS_FOR);
    for _ in 0..PER_RUN {
        if context.now() >= ends_at {
            break;
        }
        let Some(endpoint) = enabled(on, key).await? else { return Ok(()) };
        if endpoint.health.turn.lease_until != lease {
            return Ok(());
        }
        let event = match log.next_wanted(context, on, &endpoint).await? {
            // What the log took to read is not left to the request: the lease has to outlive that.
            Found::Wanted(_) if context.now() >= ends_at => break,
            Found::Wanted(event) => event,
            Found::NoneYet(passed) => match done_with(context, on, key, lease, passed).await? {
                Some(prolonged) => {
                    lease = Some(prolonged);
                    continue;
                }
                None => return Ok(()),
            },
            Found::Nothing => match release(on, key, lease, log.passed).await? {
                true => return Ok(()),
                false => continue,
            },
        };
        let of_event = DeliveryKey { event: event.id, ..key };
        let stored = on.deliveries.get(of_event).await?;
        let went = match stored {
            Some(delivery) if delivery.status != DeliveryStatus::Pending => Went::Over,
            Some(delivery) if !delivery.is_due(context.now()) => {
                Went::WaitsUntil(delivery.next_at.unwrap_or(context.now()))
            }
            stored => {
                let place = (key.tenant, key.endpoint);
                let new = || Delivery::new(place, (event.id, event.kind), Cause::Event, context.now());
                attempt::send(context, on, &endpoint, &event, stored.unwrap_or_else(new)).await?
            }
        };
        match went {
            Went::Over => match done_with(context, on, key, lease, event.id).await? {
                Some(prolonged) => (lease, log.passed) = (Some(prolonged), Some(event.id)),
                None => return Ok(()),
            },
            // Its own message or row brings it back, and with it those after it.
            Went::WaitsUntil(_) => return release_for_good(on, key, lease, log.passed).await,
        }
    }
    release_for_good(on, key, lease, log.passed).await?;
    come_again(context, on, key, context.now()).await
}

/// The settled log, as far as it has been read.
#[derive(Default)]
struct Log {
    page: VecDeque<Event>,
    /// Up to where nothing is left to be sent.
    passed: Option<EventId>,
}

/// What a look at the log comes to.
enum Found {
    Wanted(Event),
    /// Nothing up to here, and the log goes on.
    NoneYet(EventId),
    Nothing,
}

impl Log {
    /// The next event that the endpoint wants. It may want one in a hundred thousand, so a look is bounded.
    async fn next_wanted(
        &mut self,
        context: &Context<'_>,
        on: Delivering<'_>,
        endpoint: &Endpoint,
    ) -> Result<Found, WorkError> {
        let settled = settled_before(context.now());
        for _ in 0..PAGES_PER_LOOK {
            if self.page.is_empty() {
                let after = self.passed.unwrap_or(endpoint.health.sent_up_to);
                self.page = on.events.between(endpoint.tenant, after, settled, PER_PAGE).await?.into();
            }
            if self.page.is_empty() {
                return Ok(Found::Nothing);
            }
            while let Some(event) = self.page.pop_front() {
                if endpoint.types.wants(event.kind) {
                    return Ok(Found::Wanted(event));
                }
                self.passed = Some(event.id);
            }
        }
        Ok(self.passed.map_or(Found::Nothing, Found::NoneYet))
    }
}

/// Writes that an event is done with, and keeps the lease. `None` when the lease is another's by now.
async fn done_with(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    lease: Option<Timestamp>,
    event: EventId,
) -> Result<Option<Timestamp>, WorkError> {
    let sent = write_health(on, key, lease, |health| health.sent(event, context.now())).await?;
    Ok(sent.and_then(|health| health.turn.lease_until))
}

/// Nothing is left, up to where the log has been read; events that nobody wants are not read again. `false` when somebody
/// has asked for more meanwhile.
async fn release(
    on: Delivering<'_>,
    key: DeliveryKey,
    lease: Option<Timestamp>,
    passed: Option<EventId>,
) -> Result<bool, WorkError> {
    let Some(endpoint) = enabled(on, key).await? else { return Ok(true) };
    let health = &endpoint.health;
    if health.turn.lease_until != lease {
        return Ok(true);
    }
    let next = health.left(health.turn.rested(), passed);
    let is_ours = on.endpoints.put_health(key.tenant, key.endpoint, &next).await?;
    Ok(is_ours && !health.turn.wanted)
}

async fn release_for_good(
    on: Delivering<'_>,
    key: DeliveryKey,
    lease: Option<Timestamp>,
    passed: Option<EventId>,
) -> Result<(), WorkError> {
    write_health(on, key, lease, |health| health.left(Turn::FREE, passed)).await.map(drop)
}

/// Changes the health of an endpoint whose lease is ours. `None` when it is not, or the endpoint is gone.
async fn write_health(
    on: Delivering<'_>,
    key: DeliveryKey,
    lease: Option<Timestamp>,
    change: impl Fn(&Health) -> Health,
) -> Result<Option<Health>, WorkError> {
    for _ in 0..TRIES {
        let Some(endpoint) = enabled(on, key).await? else { return Ok(None) };
        if endpoint.health.turn.lease_until != lease {
            return Ok(None);
        }
        let next = change(&endpoint.health);
        if on.endpoints.put_health(key.tenant, key.endpoint, &next).await? {
            return Ok(Some(next));
        }
    }
    Err(WorkError::contended())
}

async fn enabled(on: Delivering<'_>, key: DeliveryKey) -> Result<Option<Endpoint>, WorkError> {
    let endpoint = on.endpoints.get(key.tenant, key.endpoint, Consistency::Strong).await?;
    Ok(endpoint.filter(|endpoint| endpoint.is_enabled() && endpoint.ordered))
}

async fn come_again(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    at: Timestamp,
) -> Result<(), WorkError> {
    let wait = at.since(context.now()).min(WAIT_MAX);
    Ok(on.queues.send_after(domain::event::Queue::Webhooks, wait, &[due_notice(key, None)]).await?)
}

/// The log is settled up to this, which is not in it.
fn settled_before(now: Timestamp) -> EventId {
    EventId::floor_at(now.minus(SETTLED_AFTER))
}

/// From when on an event is in the settled log: when its millisecond is over.
fn settled_at(event: EventId, now: Timestamp) -> Timestamp {
    event.made_at().plus(SETTLED_AFTER).plus(Duration::from_millis(1)).max(now)
}
