//! PUT /v1/settings/fees: says what a payment costs the merchant, from now on.

use app::fees;
use http_kit::fee::fee_terms;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes};
use ports::clock::Mint;
use ports::fees::Fees;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub fees: &'a dyn Fees,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::FEES_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let terms = fields::parse(&call.request.body, fee_terms)?;
    let context = call.context(deps.mint);
    let settings = fees::set(&context, deps.fees, call.caller.tenant, terms).await?;
    Ok(Response::json(200, api::fee_settings(Some(&settings))))
}
