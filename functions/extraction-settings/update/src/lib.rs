//! PUT /v1/settings/extractions: says what may be spent on models in a month, from now on.

use app::extractions::{self, NewExtractionSettings};
use http_kit::extraction::{budget, extraction_settings};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes};
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
    serve(deps.gate, &routes::EXTRACTION_SETTINGS_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let input = fields::parse(&call.request.body, extraction_settings)?;
    let input = NewExtractionSettings { expected_version: call.request.if_match()?, ..input };
    let context = call.context(deps.mint);
    Ok(budget(&extractions::set(&context, deps.allowances, call.caller.tenant, input).await?))
}
