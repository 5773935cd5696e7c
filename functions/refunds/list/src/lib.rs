//! GET /v1/payments/{id}/refunds: the refunds of a payment, newest first.

use app::refunds;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{Payments, Refunds};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub refunds: &'a dyn Refunds,
    pub payments: &'a dyn Payments,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::REFUNDS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let payment = call.request.path_id("id", "payment")?;
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = refunds::list(deps.refunds, deps.payments, call.caller.tenant, payment, page).await?;
    let items: Vec<String> = page.items.iter().map(api::refund).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
