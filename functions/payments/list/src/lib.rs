//! GET /v1/payments: the payments, newest first, by status and time.

use app::payments;
use domain::payment::PaymentStatus;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{PaymentFilter, Payments};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub payments: &'a dyn Payments,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let filter = PaymentFilter {
        status: query.one_of("status", PaymentStatus::parse),
        from: query.time("created_from"),
        to: query.time("created_to"),
    };
    query.finish()?;
    let page = payments::list(deps.payments, call.caller.tenant, &filter, page).await?;
    let items: Vec<String> = page.items.iter().map(api::payment).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
