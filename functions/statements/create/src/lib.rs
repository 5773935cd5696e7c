//! POST /v1/statements: takes a statement of a provider in; a worker matches it.

use app::statements;
use http_kit::serve::{Served, serve};
use http_kit::statement::new_statement;
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::STATEMENTS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.claim()?;
    let context = call.context(deps.mint);
    let input = fields::parse(&call.request.body, |fields| new_statement(fields, context.now()))?;
    Ok(statements::create(&context, deps.commerce, call.caller.tenant, claim, input).await?.into())
}
