//! POST /v1/jobs/resume: the tenant's jobs begin again.

use app::jobs::{self, Stores};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::JOBS_RESUME, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let context = call.context(deps.mint);
    Ok(jobs::pause(&context, deps.stores, call.caller.tenant, claim, false).await?.into())
}
