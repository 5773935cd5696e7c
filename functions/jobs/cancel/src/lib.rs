//! POST /v1/jobs/{id}/cancel: stops a job that waits or runs.

use app::jobs::{self, Step, Stores};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::platform::{Jobs, Platform};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
    pub jobs: &'a dyn Jobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::JOBS_CANCEL, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "job")?;
    let claim = call.optional_claim()?;
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let context = call.context(deps.mint);
    let stores = Stores { platform: deps.platform, jobs: deps.jobs };
    Ok(jobs::take_step(&context, stores, call.caller.tenant, claim, id, Step::Cancel).await?.into())
}
