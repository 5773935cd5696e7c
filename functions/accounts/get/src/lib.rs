//! GET /v1/accounts/{id}: one account with its balance.

use app::accounts;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Accounts;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub accounts: &'a dyn Accounts,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ACCOUNTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let id = call.request.path_id("id", "account")?;
    let as_of = deps.gate.clock.now();
    let balance = accounts::get(deps.accounts, call.caller.tenant, id).await?;
    Ok(Response::json(200, api::account(&balance, as_of)))
}
