//! POST /v1/webhook_endpoints/{id}/replay: has one event sent again, or what failed or was never sent since a moment.

use app::webhook_endpoints::{self, Stores};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes, webhook};
use ports::clock::Mint;
use ports::commerce::Events;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
    pub events: &'a dyn Events,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_REPLAY, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "webhook endpoint")?;
    let claim = call.optional_claim()?;
    let context = call.context(deps.mint);
    let of = fields::parse(&call.request.body, |fields| webhook::replay(fields, context.now()))?;
    let tenant = call.caller.tenant;
    Ok(webhook_endpoints::replay(&context, deps.stores, deps.events, tenant, claim, (id, of)).await?.into())
}
