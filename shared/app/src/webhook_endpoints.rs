//! Webhook endpoints as the API sees them: created, read, changed, deleted, their secrets exchanged, their deliveries looked
//! at and asked for again. What is sent to them is the workers' (`webhooks`).

use api::ReplayOf;
use domain::event::{Event, EventType, KEPT_FOR};
use domain::idempotency::{Answer, Claim};
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use domain::time::Timestamp;
use domain::webhook::{
    Delivery, DeliveryStatus, ENDPOINTS_MAX, Endpoint, EndpointChange, EndpointRefusal, NewEndpoint, NewSecret,
    Signature,
};
use ports::PortError;
use ports::commerce::{Consistency, Events};
use ports::platform::{Platform, PlatformChange, PlatformCommit};
use ports::vault::{Purpose, Vault};
use ports::webhooks::{FreshSecret, WebhookDeliveries, WebhookEndpoints, WebhookSigner};

use crate::commit::{self, TRIES};
use crate::read::Shown;
use crate::revise::{self, Changing, expect_version};
use crate::webhooks::Replay;
use crate::{Context, Error, Outcome};

const NOUN: &str = "webhook endpoint";

/// What every use case here reads and writes.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub platform: &'a dyn Platform,
    pub endpoints: &'a dyn WebhookEndpoints,
}

/// What makes a secret and keeps it.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    pub vault: &'a dyn Vault,
    pub signer: &'a dyn WebhookSigner,
}

/// What an endpoint's secrets are sealed for.
pub fn purpose(tenant: TenantId, id: WebhookEndpointId) -> Purpose {
    Purpose { tenant, name: format!("webhook_endpoint/{id}") }
}

/// The answer that is kept for the request's key has no secret in it: a repeated request is given the sealed one.
pub async fn create(
    context: &Context<'_>,
    stores: Stores<'_>,
    secrets: Secrets<'_>,
    tenant: TenantId,
    claim: Claim,
    (input, signature): (NewEndpoint, Signature),
) -> Result<Outcome, Error> {
    let Stores { platform, endpoints } = stores;
    let now = context.now();
    if endpoints.all(tenant).await?.len() >= ENDPOINTS_MAX {
        let refusal = Error::Webhook(EndpointRefusal::TooMany);
        let outcome = commit::refused(platform, tenant, Some(&claim), refusal, now).await?;
        return shown_secret(stores, secrets, tenant, outcome).await;
    }
    let id = context.id();
    let (fresh, secret) = sealed(context, secrets, (tenant, id), signature).await?;
    let endpoint = Endpoint::new(id, tenant, input, secret, now);
    let location = Some(format!("{}/webhook_endpoints/{id}", api::BASE_PATH));
    let answer = Answer { status: 201, location, body: api::webhook_endpoint(&endpoint) };
    let record = commit::record(Some(&claim), &answer, now);
    let changes = vec![PlatformChange::CreateEndpoint(endpoint)];
    let commit = PlatformCommit { tenant, record, changes, events: Vec::new(), now };
    match commit::answer(platform, commit, answer).await? {
        Outcome::Done(answer) => Ok(Outcome::Done(revealed(answer, fresh.as_ref()))),
        replayed @ Outcome::Replayed(_) => shown_secret(stores, secrets, tenant, replayed).await,
    }
}

pub async fn get(endpoints: &dyn WebhookEndpoints, tenant: TenantId, id: WebhookEndpointId) -> Result<Shown, Error> {
    Ok(shown(&read(endpoints, tenant, id).await?))
}

pub async fn list(
    endpoints: &dyn WebhookEndpoints,
    tenant: TenantId,
    page: PageRequest<WebhookEndpointId>,
) -> Result<Page<Endpoint, WebhookEndpointId>, Error> {
    Ok(endpoints.list(tenant, page).await?)
}

/// `expected_version` is the client's `If-Match`.
pub async fn update(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: WebhookEndpointId,
    change: EndpointChange,
    expected_version: Option<u64>,
) -> Result<Shown, Error> {
    let read = async || read(stores.endpoints, tenant, id).await;
    revise::change(Changing { context, store: stores.platform, tenant }, read, |endpoint, now| {
        expect_version(expected_version, endpoint.version)?;
        let next = endpoint.change(change.clone(), now);
        let waiting = endpoint.gives_up_order(&next).then(|| bring_what_waits(context, endpoint));
        let begins_anew = next.health != endpoint.health;
        let shown = shown(&next);
        let update = if begins_anew { PlatformChange::RestartEndpoint } else { PlatformChange::UpdateEndpoint };
        Ok((Some((update(next), waiting)), shown))
    })
    .await
}

/// Behind the first event of an ordered endpoint, the others have no delivery yet: the log alone knows of them.
fn bring_what_waits(context: &Context<'_>, endpoint: &Endpoint) -> Event {
    let (tenant, id, after) = (endpoint.tenant, endpoint.id, endpoint.health.sent_up_to);
    let body = api::replay(id, ReplayOf::NeverSentSince(after.made_at()));
    context.event(tenant, EventType::WebhookReplayRequested, Replay::NeverSentAfter(after).subject(id), body)
}

/// Nothing is sent to it any more. Its deliveries stay to be read until they expire, by nobody: its id is gone.
pub async fn delete(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: WebhookEndpointId,
) -> Result<(), Error> {
    let read = async || read(stores.endpoints, tenant, id).await;
    revise::change(Changing { context, store: stores.platform, tenant }, read, |endpoint, _| {
        Ok((Some((PlatformChange::DeleteEndpoint(endpoint.clone()), None)), ()))
    })
    .await
}

/// A new secret, of another kind of signature where the client wants that. The old one signs for a day more.
pub async fn rotate_secret(
    context: &Context<'_>,
    stores: Stores<'_>,
    secrets: Secrets<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    (id, signature): (WebhookEndpointId, Option<Signature>),
) -> Result<Outcome, Error> {
    for _ in 0..TRIES {
        let endpoint = read(stores.endpoints, tenant, id).await?;
        let now = context.now();
        let present = endpoint.secrets.first().map_or(Signature::Hmac, |secret| secret.signature);
        let (fresh, secret) = sealed(context, secrets, (tenant, id), signature.unwrap_or(present)).await?;
        let next = endpoint.rotate(secret, now);
        let location = Some(format!("{}/webhook_endpoints/{id}", api::BASE_PATH));
        let answer = Answer { status: 200, location, body: api::webhook_endpoint(&next) };
        let record = commit::record(claim.as_ref(), &answer, now);
        let changes = vec![PlatformChange::UpdateEndpoint(next)];
        let commit = PlatformCommit { tenant, record, changes, events: Vec::new(), now };
        match commit::answer(stores.platform, commit, answer).await {
            Ok(Outcome::Done(answer)) => return Ok(Outcome::Done(revealed(answer, fresh.as_ref()))),
            Ok(replayed @ Outcome::Replayed(_)) => return shown_secret(stores, secrets, tenant, replayed).await,
            Err(Error::InFlight) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::InFlight)
}

/// Sends an event that says nothing, to see whether the endpoint hears.
pub async fn test(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: WebhookEndpointId,
) -> Result<Outcome, Error> {
    let object = api::webhook_test(id, None);
    let event = context.event(tenant, EventType::WebhookEndpointTest, id, object);
    let body = api::webhook_test(id, Some(event.id));
    ask(context, stores, (tenant, id), claim, Asked { event, body, is_of_many: false }).await
}

/// Has a worker send them. An event has to be there, and is none between functions but a test of this endpoint; of a time
/// before what is kept, what is kept is meant.
pub async fn replay(
    context: &Context<'_>,
    stores: Stores<'_>,
    events: &dyn Events,
    tenant: TenantId,
    claim: Option<Claim>,
    (id, of): (WebhookEndpointId, ReplayOf),
) -> Result<Outcome, Error> {
    let now = context.now();
    let since = |at: Timestamp| EventId::floor_at(at.max(now.minus(KEPT_FOR)));
    let replay = match of {
        ReplayOf::Event(event) => {
            let found = crate::events::find(events, tenant, event, now).await?;
            let is_own_test = found.kind == EventType::WebhookEndpointTest && found.subject == id.to_string();
            if !(found.kind.is_public() || is_own_test) {
                return Err(Error::NotFound("event"));
            }
            Replay::Event(event)
        }
        ReplayOf::FailedSince(at) => Replay::FailedAfter(since(at)),
        ReplayOf::NeverSentSince(at) => Replay::NeverSentAfter(since(at)),
    };
    let body = api::replay(id, of);
    let subject = replay.subject(id);
    let event = context.event(tenant, EventType::WebhookReplayRequested, subject, body.clone());
    ask(context, stores, (tenant, id), claim, Asked { event, body, is_of_many: replay.is_of_many() }).await
}

/// The attempt log, newest event first.
pub async fn deliveries(
    endpoints: &dyn WebhookEndpoints,
    deliveries: &dyn WebhookDeliveries,
    tenant: TenantId,
    id: WebhookEndpointId,
    status: Option<DeliveryStatus>,
    page: PageRequest<EventId>,
) -> Result<Page<Delivery, EventId>, Error> {
    read(endpoints, tenant, id).await?;
    Ok(deliveries.list(tenant, id, status, page).await?)
}

/// What a worker is to do, and what the client is told.
struct Asked {
    event: Event,
    body: String,
    is_of_many: bool,
}

/// Commits an event that a worker acts on, for an endpoint that is there and enabled.
async fn ask(
    context: &Context<'_>,
    stores: Stores<'_>,
    (tenant, id): (TenantId, WebhookEndpointId),
    claim: Option<Claim>,
    asked: Asked,
) -> Result<Outcome, Error> {
    let Asked { event, body, is_of_many } = asked;
    let now = context.now();
    let endpoint = read(stores.endpoints, tenant, id).await?;
    let refusal = match endpoint.is_enabled() {
        false => Some(EndpointRefusal::Disabled),
        true => (is_of_many && endpoint.health.is_replaying(now)).then_some(EndpointRefusal::Replaying),
    };
    if let Some(refusal) = refusal {
        return commit::refused(stores.platform, tenant, claim.as_ref(), Error::Webhook(refusal), now).await;
    }
    let location = Some(format!("{}/webhook_endpoints/{id}/deliveries", api::BASE_PATH));
    let answer = Answer { status: 202, location, body };
    let record = commit::record(claim.as_ref(), &answer, now);
    let commit = PlatformCommit { tenant, record, changes: Vec::new(), events: vec![event], now };
    commit::answer(stores.platform, commit, answer).await
}

async fn read(endpoints: &dyn WebhookEndpoints, tenant: TenantId, id: WebhookEndpointId) -> Result<Endpoint, Error> {
    endpoints.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound(NOUN))
}

fn shown(endpoint: &Endpoint) -> Shown {
    Shown { version: endpoint.version, body: api::webhook_endpoint(endpoint) }
}

/// What its owner is shown of it, once, and what is kept.
async fn sealed(
    context: &Context<'_>,
    secrets: Secrets<'_>,
    (tenant, id): (TenantId, WebhookEndpointId),
    signature: Signature,
) -> Result<(Option<Secret>, NewSecret), PortError> {
    let mut random = [0; 32];
    random[..16].copy_from_slice(&context.mint.random.bits().to_be_bytes());
    random[16..].copy_from_slice(&context.mint.random.bits().to_be_bytes());
    let FreshSecret { secret, public_key } = secrets.signer.fresh(signature, random)?;
    let sealed = secrets.vault.seal(&purpose(tenant, id), &secret).await?;
    let shared = shared(signature).then_some(secret);
    Ok((shared, NewSecret { signature, sealed, public_key }))
}

/// Whether the receiver has the secret, too.
fn shared(signature: Signature) -> bool {
    match signature {
        Signature::Hmac => true,
        Signature::Ed25519 => false,
    }
}

fn revealed(answer: Answer, secret: Option<&Secret>) -> Answer {
    let body = api::with_secret(&answer.body, secret);
    Answer { body, ..answer }
}

/// The answer of a repeated request, with the endpoint's present secret. None when the endpoint is gone.
async fn shown_secret(
    stores: Stores<'_>,
    secrets: Secrets<'_>,
    tenant: TenantId,
    outcome: Outcome,
) -> Result<Outcome, Error> {
    let Outcome::Replayed(answer) = outcome else { return Ok(outcome) };
    let id = answer.location.as_deref().and_then(|location| location.rsplit('/').next()?.parse().ok());
    let endpoint = match id {
        Some(id) => stores.endpoints.get(tenant, id, Consistency::Strong).await?,
        None => None,
    };
    let mut secret = None;
    if let Some(endpoint) = endpoint
        && let Some(present) = endpoint.secrets.first().filter(|present| shared(present.signature))
    {
        secret = Some(secrets.vault.open(&purpose(tenant, endpoint.id), &present.sealed).await?);
    }
    Ok(Outcome::Replayed(revealed(answer, secret.as_ref())))
}
