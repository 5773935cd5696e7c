//! GET /v1/providers/{name}: one payment provider that the tenant has connected, without its keys.

use app::connections;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::connections::Connections;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub connections: &'a dyn Connections,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PROVIDERS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let name = call.request.path_id("name", "provider")?;
    Query::new(call.request).finish()?;
    Ok(Response::resource(connections::get(deps.connections, call.caller.tenant, name).await?))
}
