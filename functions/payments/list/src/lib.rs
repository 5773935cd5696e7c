//! GET /v1/payments: the payments, newest first, by status and time.

use app::expand::{self, Path};
use app::payments;
use domain::payment::PaymentStatus;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{Orders, PaymentFilter, Payments};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let (page, wanted) = query.expanded_page(Path::OF_PAYMENT);
    let filter = PaymentFilter {
        status: query.one_of("status", PaymentStatus::parse),
        from: query.time("created_from"),
        to: query.time("created_to"),
    };
    query.finish()?;
    call.require_all(&wanted)?;
    let tenant = call.caller.tenant;
    let page = payments::list(deps.payments, tenant, &filter, page).await?;
    let shown = page.items.iter().map(Into::into).collect();
    let items = expand::payments(deps.orders, tenant, &wanted, shown).await?;
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
