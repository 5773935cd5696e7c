//! GET /v1/payments/{id}: one payment.

use app::payments;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Payments;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub payments: &'a dyn Payments,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let id = call.request.path_id("id", "payment")?;
    let shown = payments::get(deps.payments, deps.gate.cache, call.caller.tenant, id, call.found).await?;
    Ok(Response::resource(shown))
}
