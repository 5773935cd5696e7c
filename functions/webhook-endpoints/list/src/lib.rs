//! GET /v1/webhook_endpoints: the endpoints, newest first.

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
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = webhook_endpoints::list(deps.endpoints, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(api::webhook_endpoint).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
