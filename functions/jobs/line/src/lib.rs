//! GET /v1/jobs/queue: whether the tenant's jobs are paused, and how many run.

use app::jobs;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::platform::Jobs;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub jobs: &'a dyn Jobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::JOBS_LINE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let line = jobs::line(deps.jobs, call.caller.tenant).await?;
    Ok(Response::json(200, api::job_line(line.paused, line.running)))
}
