//! GET /v1/jobs/{id}: a job, with a link to its result once there is one.

use app::jobs;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::blobs::Blobs;
use ports::clock::Mint;
use ports::platform::Jobs;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub jobs: &'a dyn Jobs,
    pub blobs: &'a dyn Blobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::JOBS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "job")?;
    Query::new(call.request).finish()?;
    let context = call.context(deps.mint);
    Ok(Response::json(200, jobs::get(&context, deps.jobs, deps.blobs, call.caller.tenant, id).await?))
}
