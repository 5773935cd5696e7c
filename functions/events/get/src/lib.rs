//! GET /v1/events/{id}: one event.

use app::events;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Events;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub events: &'a dyn Events,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::EVENTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "event")?;
    Query::new(call.request).finish()?;
    let event = events::get(deps.events, call.caller, id, deps.gate.clock.now()).await?;
    Ok(Response::json(200, api::event(&event)))
}
