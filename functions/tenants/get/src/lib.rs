//! GET /v1/tenants/me: the caller's tenant.

use app::tenants;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::identity::Tenants;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub tenants: &'a dyn Tenants,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::TENANTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let shown = tenants::get(deps.tenants, deps.gate.cache, call.caller.tenant, call.found).await?;
    Ok(Response::resource(shown))
}
