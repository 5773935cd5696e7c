//! POST /v1/payments: takes a payment in; a worker settles it.

use app::payments;
use http_kit::payment::new_payment;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.claim()?;
    let payment = fields::parse(&call.request.body, new_payment)?;
    let context = call.context(deps.mint);
    Ok(payments::create(&context, deps.commerce, call.caller.tenant, claim, payment).await?.into())
}
