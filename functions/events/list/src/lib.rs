//! GET /v1/events: what happened in the last 30 days, newest first.

use app::events;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{EventFilter, Events};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub events: &'a dyn Events,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::EVENTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let filter = EventFilter { from: query.time("created_from"), to: query.time("created_to") };
    query.finish()?;
    let now = deps.gate.clock.now();
    let page = events::list(deps.events, call.caller, &filter, page, now).await?;
    let items: Vec<String> = page.items.iter().map(api::event).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
