//! GET /v1/providers: the payment providers that the tenant has connected.

use app::connections;
use domain::connection::ProviderName;
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
    serve(deps.gate, &routes::PROVIDERS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page::<ProviderName>();
    query.finish()?;
    let page = connections::list(deps.connections, call.caller.tenant, page).await?;
    Ok(Response::list(call.request, &page.items, page.next.map(|name| name.as_str().to_owned())))
}
