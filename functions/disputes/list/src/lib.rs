//! GET /v1/disputes: the disputes, newest first, by status.

use app::disputes;
use domain::dispute::DisputeStatus;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Disputes;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub disputes: &'a dyn Disputes,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::DISPUTES_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let status = query.one_of("status", DisputeStatus::parse);
    query.finish()?;
    let page = disputes::list(deps.disputes, call.caller.tenant, status, page).await?;
    let items: Vec<String> = page.items.iter().map(api::dispute).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
