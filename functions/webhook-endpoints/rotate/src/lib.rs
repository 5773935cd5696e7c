//! POST /v1/webhook_endpoints/{id}/rotate_secret: a new secret, beside the old one for a day.

use app::webhook_endpoints::{self, Secrets, Stores};
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
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_ROTATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "webhook endpoint")?;
    let claim = call.optional_claim()?;
    let signature = fields::parse_optional(&call.request.body, |fields| Some(webhook::signature(fields)))?;
    let (context, tenant) = (call.context(deps.mint), call.caller.tenant);
    let rotated = webhook_endpoints::rotate_secret(&context, deps.stores, deps.secrets, tenant, claim, (id, signature));
    Ok(rotated.await?.into())
}
