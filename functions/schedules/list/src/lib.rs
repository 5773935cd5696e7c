//! GET /v1/schedules: the schedules, newest first.

use app::schedules;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::platform::Schedules;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub schedules: &'a dyn Schedules,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SCHEDULES_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = schedules::list(deps.schedules, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(api::schedule).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
