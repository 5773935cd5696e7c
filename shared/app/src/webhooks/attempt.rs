//! One attempt: may it go now, as far as the endpoint's breaker and rate have it; the request; and what comes of it for the
//! delivery's row and the endpoint's health.

use domain::event::{Event, EventType};
use domain::time::Timestamp;
use domain::webhook::{
    Again, Attempt, Cause, Concluded, Delivery, DisabledReason, Endpoint, Health, Outcome, PROBE_AGAIN_AFTER,
    Readiness, Request, traceparent,
};
use ports::commerce::Consistency;
use ports::platform::{PlatformChange, PlatformCommit};
use ports::webhooks::{DeliveryKey, Message, Sent, Signed};

use super::{Delivering, due_at, schedule};
use crate::Context;
use crate::commit::TRIES;
use crate::webhook_endpoints::purpose;
use crate::work::{Settled, WorkError, platform_settled};

/// What became of a delivery in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It is over, well or badly: the next may go.
    Over,
    WaitsUntil(Timestamp),
}

pub(super) async fn send(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    event: &Event,
    delivery: Delivery,
) -> Result<Went, WorkError> {
    let now = context.now();
    let key = DeliveryKey { tenant: delivery.tenant, endpoint: delivery.endpoint, event: delivery.event };
    let request = match admit(context, on, endpoint, &delivery).await? {
        Admitted::Goes(request) => request,
        Admitted::Waits(waiting) => return keep_for_later(context, on, key, event, *waiting).await,
    };
    let message = message(context, on, endpoint, event).await?;
    let Sent { outcome, response, retry_after } = on.sender.send(&message).await;
    let ended = context.now();
    let attempt = Attempt { at: now, took: ended.since(now), outcome, response };
    // A 410 that comes from where the endpoint was before is a failure like others.
    let is_gone = outcome.is_gone() && disable(context, on, endpoint, DisabledReason::Gone).await?;
    let again = if is_gone { Again::Never } else { Again::After(retry_after) };
    let (next, concluded) = delivery.concluded(attempt, again, context.mint.random.bits(), ended);
    let went = match concluded {
        Concluded::TriedAgainAt(_) => keep_for_later(context, on, key, event, next).await?,
        Concluded::Delivered | Concluded::GivenUp => {
            // Others that were first have a row that says at least as much.
            on.deliveries.put(&next, None).await?;
            Went::Over
        }
    };
    note_health(context, on, endpoint, request, outcome).await?;
    Ok(went)
}

async fn keep_for_later(
    context: &Context<'_>,
    on: Delivering<'_>,
    key: DeliveryKey,
    event: &Event,
    waiting: Delivery,
) -> Result<Went, WorkError> {
    let now = context.now();
    let at = waiting.next_at.unwrap_or(now);
    if on.deliveries.put(&waiting, Some(due_at(at, now))).await? {
        schedule(context, on, key, at, event.trace.clone()).await?;
    }
    Ok(Went::WaitsUntil(at))
}

/// Whether a delivery may go now.
enum Admitted {
    Goes(Request),
    /// The delivery as it waits.
    Waits(Box<Delivery>),
}

/// Of an endpoint that is well and has no rate, nothing is written.
async fn admit(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    delivery: &Delivery,
) -> Result<Admitted, WorkError> {
    // A test is how its owner sees whether it works again.
    if delivery.cause == Cause::Test {
        return Ok(Admitted::Goes(Request::Usual));
    }
    let waits = |waiting| Ok(Admitted::Waits(Box::new(waiting)));
    let mut health = endpoint.health.clone();
    for _ in 0..TRIES {
        let (now, random) = (context.now(), context.mint.random.bits());
        let request = match health.readiness(now) {
            Readiness::HeldUntil(until) => return waits(delivery.held(until, random, now)),
            Readiness::Probe => Request::Probe,
            Readiness::Ready => Request::Usual,
        };
        let rate = endpoint.rate_per_second.filter(|_| !delivery.has_place);
        let (paced, at) = match rate {
            Some(rate) => health.paced(rate, now),
            None => (health.clone(), now),
        };
        let next = match (request, rate) {
            (Request::Usual, None) => return Ok(Admitted::Goes(request)),
            // Who waits for a place has not probed.
            (Request::Probe, _) if at <= now => Health { version: health.version + 1, ..paced.probing(now) },
            (_, _) => paced,
        };
        if on.endpoints.put_health(endpoint.tenant, endpoint.id, &next).await? {
            return if at > now { waits(delivery.placed(at, now)) } else { Ok(Admitted::Goes(request)) };
        }
        health = match present(on, endpoint).await? {
            Some(present) => present.health,
            None => return waits(delivery.held(now, random, now)),
        };
    }
    let now = context.now();
    waits(delivery.held(now.plus(PROBE_AGAIN_AFTER), context.mint.random.bits(), now))
}

async fn message(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    event: &Event,
) -> Result<Message, WorkError> {
    let (id, at, body) = (event.id.to_string(), context.now(), api::webhook(event));
    let purpose = purpose(endpoint.tenant, endpoint.id);
    let mut signatures = Vec::new();
    for kept in endpoint.secrets_at(at) {
        let secret = on.opened.open(on.vault, &purpose, &kept.sealed, at).await?;
        signatures.push(on.signer.sign(kept.signature, &secret, Signed { id: &id, at, body: &body })?);
    }
    let span = event.id.as_u128() as u64;
    let traceparent = event.trace.as_deref().and_then(|trace| traceparent(trace, span));
    Ok(Message { url: endpoint.url.clone(), id, at, signature: signatures.join(" "), traceparent, body })
}

/// A success of an endpoint that was well is no news and writes nothing.
async fn note_health(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    request: Request,
    outcome: Outcome,
) -> Result<(), WorkError> {
    let mut health = endpoint.health.clone();
    for _ in 0..TRIES {
        let now = context.now();
        let next = match outcome.is_success() {
            true => health.succeeded(),
            false => health.failed(request, now, context.mint.random.bits()),
        };
        let Some(next) = next else { return Ok(()) };
        if on.endpoints.put_health(endpoint.tenant, endpoint.id, &next).await? {
            if next.is_given_up(now) {
                disable(context, on, endpoint, DisabledReason::Failing).await?;
            }
            return Ok(());
        }
        health = match present(on, endpoint).await?.filter(|present| is_as_called(present, endpoint)) {
            Some(present) => present.health,
            None => return Ok(()),
        };
    }
    // Many others are counting the same endpoint's failures: one more or less is nothing.
    Ok(())
}

async fn present(on: Delivering<'_>, endpoint: &Endpoint) -> Result<Option<Endpoint>, WorkError> {
    Ok(on.endpoints.get(endpoint.tenant, endpoint.id, Consistency::Strong).await?)
}

/// Whether an answer still says something of the endpoint: its tenant may have changed it while the request was under way.
fn is_as_called(present: &Endpoint, called: &Endpoint) -> bool {
    present.version == called.version
}

/// The tenant is told by an event, which their other endpoints and a mail to their owners carry. `false` when it has been
/// changed since it was called, and stays.
async fn disable(
    context: &Context<'_>,
    on: Delivering<'_>,
    endpoint: &Endpoint,
    reason: DisabledReason,
) -> Result<bool, WorkError> {
    let (tenant, id) = (endpoint.tenant, endpoint.id);
    for _ in 0..TRIES {
        let Some(present) = present(on, endpoint).await?.filter(Endpoint::is_enabled) else { return Ok(true) };
        if !is_as_called(&present, endpoint) {
            return Ok(false);
        }
        let now = context.now();
        let next = present.disable(reason, now);
        let object = api::webhook_endpoint_disabled(&next);
        let events = vec![context.event(tenant, EventType::WebhookEndpointDisabled, id, object)];
        let changes = vec![PlatformChange::UpdateEndpoint(next)];
        let commit = PlatformCommit { tenant, record: None, changes, events, now };
        if let Settled::Done = platform_settled(on.platform.commit(commit).await)? {
            return Ok(true);
        }
    }
    Err(WorkError::contended())
}
