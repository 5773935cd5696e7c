//! The webhooks worker: an event goes to every endpoint that wants it, side by side, so that one that is slow holds nobody
//! else. What fails is a row, due again by its schedule; what comes up again comes as a message that names endpoint and
//! event.

mod attempt;
mod due;
mod ordered;
mod replay;

use domain::event::{Event, EventType, KEPT_FOR, Notice, Queue};
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::time::Timestamp;
use domain::webhook::{Cause, Delivery, Endpoint};
use futures_util::{StreamExt, stream};
use ports::commerce::{Consistency, Events};
use ports::platform::Platform;
use ports::queues::{Queues, WAIT_MAX};
use ports::vault::Vault;
use ports::webhooks::{DeliveryKey, WebhookDeliveries, WebhookEndpoints, WebhookSender, WebhookSigner};

use crate::work::WorkError;
use crate::{Context, Opened};

pub use due::{Waking, run as wake_due};
pub use replay::Replay;

/// To how many endpoints of an event requests are under way at once.
const AT_ONCE: usize = 32;
/// For how long what was read of all endpoints is believed of each.
const BELIEVED_FOR: std::time::Duration = std::time::Duration::from_secs(1);
/// A message that was sent for later may be lost with its queue; its row is due this long after.
const LOST_AFTER: std::time::Duration = std::time::Duration::from_secs(120);

/// The ports that delivering needs.
#[derive(Clone, Copy)]
pub struct Delivering<'a> {
    pub endpoints: &'a dyn WebhookEndpoints,
    pub deliveries: &'a dyn WebhookDeliveries,
    pub events: &'a dyn Events,
    /// For endpoints that are disabled.
    pub platform: &'a dyn Platform,
    pub queues: &'a dyn Queues,
    pub sender: &'a dyn WebhookSender,
    pub signer: &'a dyn WebhookSigner,
    pub vault: &'a dyn Vault,
    pub opened: &'a Opened,
}

/// One message of the webhooks queue.
pub async fn work(context: &Context<'_>, on: Delivering<'_>, notice: &Notice) -> Result<(), WorkError> {
    match notice.kind {
        EventType::WebhookDeliveryDue => {
            let key = key_of(notice).ok_or_else(nameless)?;
            come_up(context, on, key).await
        }
        EventType::WebhookReplayRequested => replay::run(context, on, notice).await,
        EventType::WebhookEndpointTest => {
            let endpoint = notice.subject.parse().map_err(|_| nameless())?;
            test(context, on, notice, endpoint).await
        }
        _happened => fan_out(context, on, notice).await,
    }
}

/// An endpoint that cannot be served for the moment gets its row or its message later; it fails the event for nobody else.
async fn fan_out(context: &Context<'_>, on: Delivering<'_>, notice: &Notice) -> Result<(), WorkError> {
    let read_at = context.now();
    let endpoints = on.endpoints.all(notice.tenant).await?;
    let wanting: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| is_wanting(endpoint, notice.kind)).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let Some(event) = read_event(context, on, notice.tenant, notice.event).await? else { return Ok(()) };
    let sends = wanting.into_iter().map(|endpoint| begin(context, on, (endpoint, read_at), &event));
    let results: Vec<Result<(), WorkError>> = stream::iter(sends).buffer_unordered(AT_ONCE).collect().await;
    results.into_iter().collect()
}

/// The first attempt at one endpoint. When something of ours fails it, a message of its own tries again, or is buried: the
/// event's message would send to all the others a second time.
async fn begin(
    context: &Context<'_>,
    on: Delivering<'_>,
    (endpoint, read_at): (&Endpoint, Timestamp),
    event: &Event,
) -> Result<(), WorkError> {
    let key = DeliveryKey { tenant: event.tenant, endpoint: endpoint.id, event: event.id };
    let result = if context.now().since(read_at) <= BELIEVED_FOR {
        tell(context, on, endpoint, event).await
    } else {
        tell_present(context, on, key, event).await
    };
    let Err(error) = result else { return Ok(()) };
    tracing::warn!(error = %error, endpoint_id = %endpoint.id, "to be tried by a message of its own");
    Ok(on.queues.send(Queue::Webhooks, &[due_notice(key, event.trace.clone())]).await?)
}

/// One that had to wait for slow ones before it may have been disabled, moved or deleted meanwhile.
async fn tell_present(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    event: &Event,
) -> Result<(), WorkError> {
    match on.endpoints.get(key.tenant, key.endpoint, Consistency::Strong).await? {
        Some(present) if is_wanting(&present, event.kind) => tell(context, on, &present, event).await,
        Some(_) | None => Ok(()),
    }
}

async fn tell(context: &Context<'_>, on: Delivering<'_>, endpoint: &Endpoint, event: &Event) -> Result<(), WorkError> {
    if endpoint.ordered {
        return ordered::hear(context, on, endpoint, event).await;
    }
    let place = (endpoint.tenant, endpoint.id);
    let delivery = Delivery::new(place, (event.id, event.kind), Cause::Event, context.now());
    attempt::send(context, on, endpoint, event, delivery).await.map(drop)
}

fn is_wanting(endpoint: &Endpoint, kind: EventType) -> bool {
    endpoint.is_enabled() && endpoint.types.wants(kind)
}

async fn test(
    context: &Context<'_>,
    on: Delivering<'_>,
    notice: &Notice,
    endpoint: WebhookEndpointId,
) -> Result<(), WorkError> {
    let endpoint = on.endpoints.get(notice.tenant, endpoint, Consistency::Strong).await?;
    let Some(endpoint) = endpoint.filter(Endpoint::is_enabled) else { return Ok(()) };
    let Some(event) = read_event(context, on, notice.tenant, notice.event).await? else { return Ok(()) };
    let place = (notice.tenant, endpoint.id);
    let delivery = Delivery::new(place, (event.id, event.kind), Cause::Test, context.now());
    attempt::send(context, on, &endpoint, &event, delivery).await.map(drop)
}

/// A delivery whose time has come, or whose first attempt was not made.
async fn come_up(context: &Context<'_>, on: Delivering<'_>, key: DeliveryKey) -> Result<(), WorkError> {
    let stored = on.deliveries.get(key).await?;
    let endpoint = on.endpoints.get(key.tenant, key.endpoint, Consistency::Strong).await?;
    let Some(endpoint) = endpoint.filter(Endpoint::is_enabled) else { return skip(context, on, stored).await };
    if !endpoint.ordered {
        return go_alone(context, on, key, &endpoint, stored).await;
    }
    let in_order = stored.as_ref().is_none_or(|delivery| delivery.cause == Cause::Event);
    let is_passed = key.event <= endpoint.health.sent_up_to;
    // An event whose commit took so long that the log had been sent beyond it goes by itself: late is better than never.
    if is_passed || !in_order {
        go_alone(context, on, key, &endpoint, stored).await?;
    }
    // A message that wakes goes on where another has stopped, whatever event it names.
    if in_order {
        ordered::come_again_unless_settled(context, on, key).await?;
        ordered::wake(context, on, key).await
    } else {
        ordered::wake_behind(context, on, key, &endpoint).await
    }
}

/// One event to one endpoint, without a look at those before it.
async fn go_alone(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    endpoint: &Endpoint,
    stored: Option<Delivery>,
) -> Result<(), WorkError> {
    let now = context.now();
    if stored.as_ref().is_some_and(|delivery| !delivery.is_due(now)) {
        return Ok(());
    }
    let Some(event) = read_event(context, on, key.tenant, key.event).await? else {
        return skip(context, on, stored).await;
    };
    if stored.is_none() && !endpoint.types.wants(event.kind) {
        return Ok(());
    }
    let new = || Delivery::new((key.tenant, key.endpoint), (key.event, event.kind), Cause::Event, now);
    let delivery = stored.unwrap_or_else(new);
    attempt::send(context, on, endpoint, &event, delivery).await.map(drop)
}

/// Nobody is told of it any more.
async fn skip(context: &Context<'_>, on: Delivering<'_>, stored: Option<Delivery>) -> Result<(), WorkError> {
    if let Some(delivery) = stored.filter(|delivery| delivery.is_due(context.now())) {
        on.deliveries.put(&delivery.skipped(context.now()), None).await?;
    }
    Ok(())
}

/// `None` when it is past its 30 days. One that is not there yet will be: its notice came of its row.
async fn read_event(
    context: &Context<'_>,
    on: Delivering<'_>,
    tenant: TenantId,
    id: EventId,
) -> Result<Option<Event>, WorkError> {
    if let Some(event) = on.events.get(tenant, id).await? {
        return Ok(Some(event));
    }
    let oldest = EventId::floor_at(context.now().minus(KEPT_FOR));
    if id < oldest {
        return Ok(None);
    }
    Err(WorkError::Retry { reason: "the event is not readable yet", source: None })
}

/// Has a delivery come up at a moment by a message, where the queue can wait as long. What is later is due by its row.
async fn schedule(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    at: Timestamp,
    trace: Option<String>,
) -> Result<(), WorkError> {
    let wait = at.since(context.now());
    if wait <= WAIT_MAX {
        on.queues.send_after(Queue::Webhooks, wait, &[due_notice(key, trace)]).await?;
    }
    Ok(())
}

/// When the row of a delivery that comes up at a moment is due: a message brings what comes soon, and the row is for when
/// that is lost.
fn due_at(at: Timestamp, now: Timestamp) -> Timestamp {
    if at.since(now) <= WAIT_MAX { at.plus(LOST_AFTER) } else { at }
}

fn due_notice(key: DeliveryKey, trace: Option<String>) -> Notice {
    let DeliveryKey { tenant, endpoint, event } = key;
    Notice { event, tenant, kind: EventType::WebhookDeliveryDue, subject: endpoint.to_string(), trace }
}

fn key_of(notice: &Notice) -> Option<DeliveryKey> {
    Some(DeliveryKey { tenant: notice.tenant, endpoint: notice.subject.parse().ok()?, event: notice.event })
}

fn nameless() -> WorkError {
    WorkError::Poison("the message names no webhook endpoint".to_owned())
}
