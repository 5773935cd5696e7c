//! GET /v1/schedules/{id}: one schedule, with when it occurs next.

use app::schedules;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::platform::Schedules;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub schedules: &'a dyn Schedules,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SCHEDULES_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "schedule")?;
    Query::new(call.request).finish()?;
    Ok(Response::resource(schedules::get(deps.schedules, call.caller.tenant, id).await?))
}
