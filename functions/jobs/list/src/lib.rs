//! GET /v1/jobs: the jobs, newest first, by status.

use app::jobs;
use domain::job::JobStatus;
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
    serve(deps.gate, &routes::JOBS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let status = query.one_of("status", JobStatus::parse);
    query.finish()?;
    let page = jobs::list(deps.jobs, call.caller.tenant, status, page).await?;
    let items: Vec<String> = page.items.iter().map(|job| api::job(job, api::Shown::Outline)).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
