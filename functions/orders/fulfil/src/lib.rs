//! POST /v1/orders/{id}/fulfil: marks a paid order as delivered.

use app::orders::{self, Step, Stores};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::commerce::{Commerce, Orders};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub orders: &'a dyn Orders,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_FULFIL, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "order")?;
    let claim = call.optional_claim()?;
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let context = call.context(deps.mint);
    let stores = Stores { commerce: deps.commerce, orders: deps.orders, cache: deps.gate.cache };
    Ok(orders::take_step(&context, stores, call.caller.tenant, claim, id, Step::Fulfil).await?.into())
}
