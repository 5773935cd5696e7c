//! An event on the wire. Its object is the JSON text that was stored with it.

use domain::event::Event;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    created_at: String,
    data: Option<DataView<'a>>,
    request_id: Option<&'a str>,
    idempotency_key: Option<&'a str>,
}

#[derive(Serialize)]
struct DataView<'a> {
    object: Option<&'a RawValue>,
}

pub fn event(event: &Event) -> String {
    let object = serde_json::from_str(&event.object).ok();
    view(event, Some(DataView { object }))
}

/// `data` is `null`: for where there is no room for it.
pub(crate) fn event_without_data(event: &Event) -> String {
    view(event, None)
}

fn view(event: &Event, data: Option<DataView<'_>>) -> String {
    let Event { id, tenant: _, kind, subject: _, object: _, request_id, idempotency_key, trace: _, created_at } = event;
    json(&EventView {
        id: id.to_string(),
        kind: kind.as_str(),
        created_at: rfc3339(*created_at),
        data,
        request_id: request_id.as_deref(),
        idempotency_key: idempotency_key.as_deref(),
    })
}
