//! A dead letter on the wire. The message itself stays inside: whoever looks wants to know what it was about and why it died.

use std::collections::BTreeMap;

use domain::dead_letter::DeadLetter;
use domain::event::Queue;
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct DeadLetterView<'a> {
    id: String,
    queue: &'static str,
    r#type: Option<&'a str>,
    subject: Option<&'a str>,
    status: &'static str,
    reason: Option<&'a str>,
    receive_count: u32,
    deaths: u32,
    died_at: String,
    redriven_at: Option<String>,
}

pub fn dead_letter(letter: &DeadLetter) -> String {
    let DeadLetter {
        id,
        tenant: _,
        queue,
        body: _,
        kind,
        subject,
        trace: _,
        status,
        reason,
        receive_count,
        deaths,
        died_at,
        redriven_at,
        version: _,
    } = letter;
    json(&DeadLetterView {
        id: id.to_string(),
        queue: queue.as_str(),
        r#type: kind.as_deref(),
        subject: subject.as_deref(),
        status: status.as_str(),
        reason: reason.as_deref(),
        receive_count: *receive_count,
        deaths: *deaths,
        died_at: rfc3339(*died_at),
        redriven_at: redriven_at.map(rfc3339),
    })
}

#[derive(Serialize)]
struct QueueView {
    queue: &'static str,
    waiting: u64,
}

/// How many wait, by queue.
pub fn dead_letter_queues(counts: &BTreeMap<Queue, u64>) -> String {
    let view = |(queue, waiting): (&Queue, &u64)| json(&QueueView { queue: queue.as_str(), waiting: *waiting });
    crate::list(&counts.iter().map(view).collect::<Vec<_>>(), None)
}

#[derive(Serialize)]
struct RedrivenView {
    queue: &'static str,
    redriven: usize,
    more: bool,
}

/// What of a queue was sent back by one call.
pub fn redriven(queue: Queue, redriven: usize, more: bool) -> String {
    json(&RedrivenView { queue: queue.as_str(), redriven, more })
}
