//! POST /v1/payments/{id}/refunds: takes a refund in; a worker settles it.

use app::refunds::{self, RefundInput};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
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
    serve(deps.gate, &routes::REFUNDS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let payment = call.request.path_id("id", "payment")?;
    let claim = call.claim()?;
    let input = fields::parse_optional(&call.request.body, |fields| {
        let amount = fields.optional("amount", values::amount);
        let reason = fields.optional("reason", values::line);
        let metadata = fields.optional("metadata", values::metadata);
        Some(RefundInput { payment, amount, reason, metadata: metadata.unwrap_or_default() })
    })?;
    let context = call.context(deps.mint);
    Ok(refunds::create(&context, deps.commerce, deps.payments, call.caller.tenant, claim, input).await?.into())
}
