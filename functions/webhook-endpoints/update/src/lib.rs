//! PATCH /v1/webhook_endpoints/{id}: changes an endpoint; what is absent stays, `null` takes away.

use app::webhook_endpoints::{self, Stores};
use domain::webhook::Reach;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes, webhook};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
    pub reach: Reach,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "webhook endpoint")?;
    let change = fields::parse(&call.request.body, |fields| Some(webhook::change(fields, deps.reach)))?;
    let expected_version = call.request.if_match()?;
    let (context, tenant) = (call.context(deps.mint), call.caller.tenant);
    let shown = webhook_endpoints::update(&context, deps.stores, tenant, id, change, expected_version).await?;
    Ok(Response::resource(shown))
}
