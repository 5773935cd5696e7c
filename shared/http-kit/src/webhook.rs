//! Bodies about webhook endpoints: created, changed, replayed.

use api::ReplayOf;
use domain::field::Invalid;
use domain::time::Timestamp;
use domain::webhook::{
    EndpointChange, EndpointStatus, NewEndpoint, RatePerSecond, Reach, Signature, TypeFilter, WebhookUrl,
};
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

const RATE: &str = "rate_limit_per_second";

pub fn new_endpoint(fields: &mut Fields<'_>, reach: Reach) -> Option<(NewEndpoint, Signature)> {
    let url = fields.required("url", |value| url(value, reach));
    let types = fields.optional("types", types).unwrap_or_default();
    let ordered = fields.optional("ordered", values::truth).unwrap_or(false);
    let rate_per_second = fields.optional(RATE, rate);
    let description = fields.optional("description", values::line);
    let signature = signature(fields).unwrap_or(Signature::Hmac);
    Some((NewEndpoint { url: url?, types, ordered, rate_per_second, description }, signature))
}

/// `null` types are all of them, a `null` rate or description is none.
pub fn change(fields: &mut Fields<'_>, reach: Reach) -> EndpointChange {
    EndpointChange {
        url: fields.optional("url", |value| url(value, reach)),
        types: fields.nullable("types", types).map(Option::unwrap_or_default),
        enabled: fields.optional("status", is_enabled),
        ordered: fields.optional("ordered", values::truth),
        rate_per_second: fields.nullable(RATE, rate),
        description: fields.nullable("description", values::line),
    }
}

pub fn signature(fields: &mut Fields<'_>) -> Option<Signature> {
    fields.optional("signature", |value| {
        let unknown = || Invalid::new("unknown_value", "must be hmac or ed25519");
        Signature::parse(values::text(value)?).ok_or_else(unknown)
    })
}

/// Exactly one of three.
pub fn replay(fields: &mut Fields<'_>, now: Timestamp) -> Option<ReplayOf> {
    let past = |value: &Value| values::time(value)?.not_after(now);
    let event = fields.optional("event_id", values::id).map(ReplayOf::Event);
    let failed = fields.optional("failed_since", past).map(ReplayOf::FailedSince);
    let never_sent = fields.optional("never_sent_since", past).map(ReplayOf::NeverSentSince);
    let mut given = [event, failed, never_sent].into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(one), None) => Some(one),
        (Some(_), Some(_)) => {
            fields.refuse("", Invalid::new("ambiguous", "must have one of event_id, failed_since, never_sent_since"));
            None
        }
        (None, _) => {
            if !fields.has_errors() {
                let detail = "one of event_id, failed_since, never_sent_since is required";
                fields.refuse("event_id", Invalid::new("required", detail));
            }
            None
        }
    }
}

fn url(value: &Value, reach: Reach) -> Result<WebhookUrl, Invalid> {
    WebhookUrl::parse(values::text(value)?, reach)
}

fn types(value: &Value) -> Result<TypeFilter, Invalid> {
    TypeFilter::parse(Some(values::texts(value)?))
}

fn rate(value: &Value) -> Result<RatePerSecond, Invalid> {
    RatePerSecond::new(values::integer(value)?)
}

fn is_enabled(value: &Value) -> Result<bool, Invalid> {
    let status = values::text(value)?;
    match status {
        _ if status == EndpointStatus::Enabled.as_str() => Ok(true),
        "disabled" => Ok(false),
        _ => Err(Invalid::new("unknown_value", "must be enabled or disabled")),
    }
}
