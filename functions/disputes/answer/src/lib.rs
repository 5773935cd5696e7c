//! POST /v1/disputes/{id}/answer: takes the merchant's evidence in; a worker hands it on.

use app::disputes;
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::commerce::{Commerce, Disputes};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub disputes: &'a dyn Disputes,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::DISPUTES_ANSWER, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "dispute")?;
    let claim = call.optional_claim()?;
    let evidence = fields::parse(&call.request.body, |fields| fields.required("evidence", values::line))?;
    let context = call.context(deps.mint);
    let tenant = call.caller.tenant;
    Ok(disputes::answer(&context, deps.commerce, deps.disputes, tenant, claim, (id, evidence)).await?.into())
}
