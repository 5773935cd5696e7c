//! What is said over sockets: events as `GET /events` shows them, and answers, whose `type` has no dot.

use std::collections::BTreeSet;

use domain::event::Event;
use domain::field::FieldError;
use domain::ids::EventId;
use domain::socket::{Closing, PUSH_BYTES_MAX, Topic};
use serde::Serialize;

use crate::event::{event, event_without_data};
use crate::json;

/// One that is too large for the gateway goes without its data, which `GET /events/{id}` has.
pub fn pushed(of: &Event) -> String {
    let text = event(of);
    if text.len() <= PUSH_BYTES_MAX { text } else { event_without_data(of) }
}

#[derive(Serialize)]
struct TopicsView {
    r#type: &'static str,
    /// All that the socket hears of now.
    topics: Vec<String>,
    /// What comes is behind this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

pub fn subscribed(topics: &BTreeSet<Topic>, after: Option<EventId>) -> String {
    let topics = topics.iter().map(Topic::to_string).collect();
    json(&TopicsView { r#type: "subscribed", topics, after: after.map(|id| id.to_string()) })
}

pub fn unsubscribed(topics: &BTreeSet<Topic>) -> String {
    let topics = topics.iter().map(Topic::to_string).collect();
    json(&TopicsView { r#type: "unsubscribed", topics, after: None })
}

#[derive(Serialize)]
struct ComplaintView<'a> {
    r#type: &'static str,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultView<'a>>,
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct FaultView<'a> {
    pointer: &'a str,
    code: &'a str,
    detail: &'a str,
}

/// What of a client's message is not understood or cannot be done.
pub fn complaint(code: &str, detail: &str, errors: &[FieldError], request_id: Option<&str>) -> String {
    let errors = errors.iter().map(|FieldError { pointer, code, detail }| FaultView { pointer, code, detail });
    json(&ComplaintView { r#type: "error", code, detail, errors: errors.collect(), request_id })
}

#[derive(Serialize)]
struct ClosingView {
    r#type: &'static str,
    code: &'static str,
}

/// The last that is said.
pub fn closing(closing: Closing) -> String {
    json(&ClosingView { r#type: "closing", code: closing.as_str() })
}
