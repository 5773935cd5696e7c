//! Webhooks on the wire: endpoints, deliveries with their attempts, and what a receiver is sent.

use domain::event::Event;
use domain::ids::{EventId, WebhookEndpointId};
use domain::secret::Secret;
use domain::time::Timestamp;
use domain::webhook::{Attempt, Delivery, Endpoint};
use serde::Serialize;

use crate::{beside, event, json, rfc3339};

#[derive(Serialize)]
struct EndpointView<'a> {
    id: String,
    url: &'a str,
    types: Option<&'a [String]>,
    status: &'static str,
    disabled_reason: Option<&'static str>,
    ordered: bool,
    rate_limit_per_second: Option<u32>,
    description: Option<&'a str>,
    signature: Option<&'static str>,
    public_key: Option<&'a str>,
    /// Until when the secret before the last rotation signs as well.
    previous_secret_expires_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// Without its secret, which is shown once, and without how it fares, which changes by itself.
pub fn webhook_endpoint(endpoint: &Endpoint) -> String {
    endpoint_view(endpoint, endpoint.url.as_str())
}

/// As the event that tells of it shows it. The event goes to other receivers, and path and query may hold a token of this
/// one's.
pub fn webhook_endpoint_disabled(endpoint: &Endpoint) -> String {
    endpoint_view(endpoint, endpoint.url.origin())
}

fn endpoint_view(endpoint: &Endpoint, shown_url: &str) -> String {
    let Endpoint {
        id,
        tenant: _,
        url: _,
        types,
        status,
        ordered,
        rate_per_second,
        description,
        secrets,
        health: _,
        created_at,
        updated_at,
        version: _,
    } = endpoint;
    let present = secrets.first();
    json(&EndpointView {
        id: id.to_string(),
        url: shown_url,
        types: types.names(),
        status: status.as_str(),
        disabled_reason: status.reason().map(|reason| reason.as_str()),
        ordered: *ordered,
        rate_limit_per_second: rate_per_second.map(|rate| rate.get()),
        description: description.as_ref().map(|description| description.as_str()),
        signature: present.map(|secret| secret.signature.as_str()),
        public_key: present.and_then(|secret| secret.public_key.as_deref()),
        previous_secret_expires_at: secrets.get(1).and_then(|secret| secret.expires_at).map(rfc3339),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

/// The endpoint with the secret that both sides have; a private key stays here.
pub fn with_secret(endpoint: &str, secret: Option<&Secret>) -> String {
    let secret = secret.map(|secret| json(&secret.reveal()));
    beside(endpoint, "secret", secret.as_deref())
}

#[derive(Serialize)]
struct DeliveryView<'a> {
    event_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    cause: &'static str,
    next_attempt_at: Option<String>,
    attempts: Vec<AttemptView<'a>>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct AttemptView<'a> {
    at: String,
    duration_ms: u64,
    status_code: Option<u16>,
    error: Option<&'static str>,
    response: &'a str,
}

pub fn webhook_delivery(delivery: &Delivery) -> String {
    let Delivery {
        tenant: _,
        endpoint: _,
        event,
        kind,
        cause,
        status,
        attempts,
        attempts_made: _,
        holds: _,
        has_place: _,
        next_at,
        created_at,
        updated_at,
        version: _,
    } = delivery;
    json(&DeliveryView {
        event_id: event.to_string(),
        kind: kind.as_str(),
        status: status.as_str(),
        cause: cause.as_str(),
        next_attempt_at: next_at.map(rfc3339),
        attempts: attempts.iter().map(attempt).collect(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

fn attempt(attempt: &Attempt) -> AttemptView<'_> {
    let Attempt { at, took, outcome, response } = attempt;
    AttemptView {
        at: rfc3339(*at),
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        status_code: outcome.status(),
        error: outcome.error(),
        response: response.as_str(),
    }
}

#[derive(Serialize)]
struct TestView {
    webhook_endpoint_id: String,
    event_id: Option<String>,
}

/// What a test event says of itself, and what its request is answered with.
pub fn webhook_test(endpoint: WebhookEndpointId, event: Option<EventId>) -> String {
    json(&TestView { webhook_endpoint_id: endpoint.to_string(), event_id: event.map(|event| event.to_string()) })
}

#[derive(Serialize)]
struct ReplayView {
    webhook_endpoint_id: String,
    event_id: Option<String>,
    failed_since: Option<String>,
    never_sent_since: Option<String>,
}

/// Which events are to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayOf {
    Event(EventId),
    FailedSince(Timestamp),
    NeverSentSince(Timestamp),
}

pub fn replay(endpoint: WebhookEndpointId, of: ReplayOf) -> String {
    let nothing = ReplayView {
        webhook_endpoint_id: endpoint.to_string(),
        event_id: None,
        failed_since: None,
        never_sent_since: None,
    };
    json(&match of {
        ReplayOf::Event(event) => ReplayView { event_id: Some(event.to_string()), ..nothing },
        ReplayOf::FailedSince(at) => ReplayView { failed_since: Some(rfc3339(at)), ..nothing },
        ReplayOf::NeverSentSince(at) => ReplayView { never_sent_since: Some(rfc3339(at)), ..nothing },
    })
}

#[derive(Serialize)]
struct WebhookView {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
}

/// The body of a request to a receiver. Made of the stored event alone: the same bytes at every attempt.
pub fn webhook(of: &Event) -> String {
    let head = json(&WebhookView { kind: of.kind.as_str(), timestamp: rfc3339(of.created_at) });
    beside(&head, "data", Some(&event(of)))
}
