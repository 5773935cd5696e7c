//! GET /v1/payments/{id}/refunds: the refunds of a payment, newest first.

use app::expand::{self, Path};
use app::refunds;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{Orders, Payments, Refunds};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub refunds: &'a dyn Refunds,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::REFUNDS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let payment = call.request.path_id("id", "payment")?;
    let mut query = Query::new(call.request);
    let (page, wanted) = query.expanded_page(Path::OF_REFUND);
    query.finish()?;
    call.require_all(&wanted)?;
    let tenant = call.caller.tenant;
    let page = refunds::list(deps.refunds, deps.payments, tenant, payment, page).await?;
    let items = expand::refunds(deps.payments, deps.orders, tenant, &wanted, &page.items).await?;
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
