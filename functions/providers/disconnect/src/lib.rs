//! DELETE /v1/providers/{name}: disconnects a payment provider and removes its keys.

use app::connections;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;
use ports::connections::Connections;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub connections: &'a dyn Connections,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PROVIDERS_DISCONNECT, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let name = call.request.path_id("name", "provider")?;
    let context = call.context(deps.mint);
    connections::disconnect(&context, deps.commerce, deps.connections, call.caller.tenant, name).await?;
    Ok(Response::no_content())
}
