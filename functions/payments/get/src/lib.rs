//! GET /v1/payments/{id}: one payment, with its order where that is asked for.

use app::expand::{self, Path};
use app::payments;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{Orders, Payments};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "payment")?;
    let mut query = Query::new(call.request);
    let wanted = query.expand(Path::OF_PAYMENT);
    query.finish()?;
    call.require_all(&wanted)?;
    let tenant = call.caller.tenant;
    let shown = payments::get(deps.payments, deps.gate.cache, tenant, id, call.found).await?;
    if wanted.is_empty() {
        return Ok(Response::resource(shown));
    }
    let expanded = expand::payments(deps.orders, tenant, &wanted, vec![shown.body.into()]).await?;
    // Of more than one resource: no version, and so no ETag.
    Ok(Response::json(200, expanded.concat()))
}
