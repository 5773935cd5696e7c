//! GET /v1/statements/{id}: one statement, with what came of it.

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
    serve(deps.gate, &routes::STATEMENTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "statement")?;
    Query::new(call.request).finish()?;
    let statement = statements::get(deps.statements, call.caller.tenant, id).await?;
    Ok(Response::json(200, api::statement(&statement)))
}
