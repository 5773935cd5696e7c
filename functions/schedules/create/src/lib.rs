//! POST /v1/schedules: asks for a report again and again, by the clocks of a time zone.

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
    serve(deps.gate, &routes::SCHEDULES_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let input = fields::parse(&call.request.body, schedule::new_schedule)?;
    let context = call.context(deps.mint);
    Ok(schedules::create(&context, deps.stores, call.caller.tenant, claim, input).await?.into())
}
