//! GET /v1/orders/{id}: one order.

use app::orders;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Orders;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "order")?;
    Query::new(call.request).finish()?;
    let shown = orders::get(deps.orders, deps.gate.cache, call.caller.tenant, id, call.found).await?;
    Ok(Response::resource(shown))
}
