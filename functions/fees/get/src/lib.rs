//! GET /v1/settings/fees: what a payment costs the merchant.

use app::fees;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::fees::Fees;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub fees: &'a dyn Fees,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::FEES_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let settings = fees::get(deps.fees, call.caller.tenant).await?;
    Ok(Response::json(200, api::fee_settings(settings.as_ref())))
}
