//! POST /v1/webhook_endpoints: where the tenant wants to be told of its events. The secret is shown once.

use app::webhook_endpoints::{self, Secrets, Stores};
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
    pub secrets: Secrets<'a>,
    pub reach: Reach,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.claim()?;
    let input = fields::parse(&call.request.body, |fields| webhook::new_endpoint(fields, deps.reach))?;
    let context = call.context(deps.mint);
    let tenant = call.caller.tenant;
    Ok(webhook_endpoints::create(&context, deps.stores, deps.secrets, tenant, claim, input).await?.into())
}
