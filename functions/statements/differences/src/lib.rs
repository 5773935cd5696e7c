//! GET /v1/statements/{id}/differences: what a statement and the ledger do not agree on, by kind.

use app::statements::{self, Which};
use domain::page::PageRequest;
use domain::statement::DifferenceKind;
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
    serve(deps.gate, &routes::STATEMENTS_DIFFERENCES, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "statement")?;
    let mut query = Query::new(call.request);
    let PageRequest { limit, after } = query.page();
    let kind = query.one_of("kind", DifferenceKind::parse);
    query.finish()?;
    let which = Which { kind, limit, after };
    let page = statements::differences(deps.statements, call.caller.tenant, id, which).await?;
    let items: Vec<String> = page.items.iter().map(api::difference).collect();
    Ok(Response::list(call.request, &items, page.next.map(|place| place.to_string())))
}
