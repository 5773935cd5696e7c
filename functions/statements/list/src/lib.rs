//! GET /v1/statements: the statements of providers, newest first.

use app::statements;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::statement::Statements;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub statements: &'a dyn Statements,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::STATEMENTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = statements::list(deps.statements, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(api::statement).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
