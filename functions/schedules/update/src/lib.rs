//! PATCH /v1/schedules/{id}: changes, pauses or resumes a schedule; what is absent stays.

use app::schedules::{self, Stores};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes, schedule};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SCHEDULES_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "schedule")?;
    let change = fields::parse(&call.request.body, |fields| Some(schedule::change(fields)))?;
    let expected_version = call.request.if_match()?;
    let (context, tenant) = (call.context(deps.mint), call.caller.tenant);
    let shown = schedules::update(&context, deps.stores, tenant, id, change, expected_version).await?;
    Ok(Response::resource(shown))
}
