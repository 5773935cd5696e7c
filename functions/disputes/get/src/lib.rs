//! GET /v1/disputes/{id}: one dispute.

use app::disputes;
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
    serve(deps.gate, &routes::DISPUTES_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "dispute")?;
    Query::new(call.request).finish()?;
    let dispute = disputes::get(deps.disputes, call.caller.tenant, id).await?;
    Ok(Response::json(200, api::dispute(&dispute)))
}
