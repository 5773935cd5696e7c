//! GET /v1/orders: the orders, newest first, by status, customer and time.

use app::orders;
use domain::order::OrderStatus;
use domain::text::Email;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::{OrderFilter, Orders};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let filter = OrderFilter {
        status: query.one_of("status", OrderStatus::parse),
        customer: query.optional("customer", Email::parse),
        from: query.time("created_from"),
        to: query.time("created_to"),
    };
    query.finish()?;
    let page = orders::list(deps.orders, call.caller.tenant, &filter, page).await?;
    let items: Vec<String> = page.items.iter().map(api::order).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
