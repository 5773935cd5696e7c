//! GET /v1/webhook_endpoints/{id}: one endpoint.

use app::webhook_endpoints;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::webhooks::WebhookEndpoints;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub endpoints: &'a dyn WebhookEndpoints,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "webhook endpoint")?;
    Query::new(call.request).finish()?;
    Ok(Response::resource(webhook_endpoints::get(deps.endpoints, call.caller.tenant, id).await?))
}
