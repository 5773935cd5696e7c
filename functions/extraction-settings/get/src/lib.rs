//! GET /v1/settings/extractions: what may be spent on models, and what was.

use app::extractions;
use http_kit::extraction::budget;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::clock::Mint;
use ports::extraction::Allowances;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub allowances: &'a dyn Allowances,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::EXTRACTION_SETTINGS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let context = call.context(deps.mint);
    Ok(budget(&extractions::budget(&context, deps.allowances, call.caller.tenant).await?))
}
