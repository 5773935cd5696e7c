//! GET /v1/webhook_endpoints/{id}/deliveries: what was sent, newest event first, and what came of each attempt.

use app::webhook_endpoints;
use domain::webhook::DeliveryStatus;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::webhooks::{WebhookDeliveries, WebhookEndpoints};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub endpoints: &'a dyn WebhookEndpoints,
    pub deliveries: &'a dyn WebhookDeliveries,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WEBHOOK_ENDPOINTS_DELIVERIES, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "webhook endpoint")?;
    let mut query = Query::new(call.request);
    let page = query.page();
    let status = query.one_of("status", DeliveryStatus::parse);
    query.finish()?;
    let tenant = call.caller.tenant;
    let page = webhook_endpoints::deliveries(deps.endpoints, deps.deliveries, tenant, id, status, page).await?;
    let items: Vec<String> = page.items.iter().map(api::webhook_delivery).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
