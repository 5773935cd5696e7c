//! POST /v1/payments/{id}/cancel: gives a payment up before its money is taken; a worker
//! does it.

use app::payments::{self, Stores, Wish};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::commerce::{Commerce, Payments};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub payments: &'a dyn Payments,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_CANCEL, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "payment")?;
    let claim = call.optional_claim()?;
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let wish = Wish::Cancel;
    let context = call.context(deps.mint);
    let stores = Stores { commerce: deps.commerce, payments: deps.payments, cache: deps.gate.cache };
    Ok(payments::wish(&context, stores, call.caller.tenant, claim, id, wish).await?.into())
}
