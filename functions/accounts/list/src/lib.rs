//! GET /v1/accounts: the accounts of the ledger with their balances.

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
    serve(deps.gate, &routes::ACCOUNTS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let as_of = deps.gate.clock.now();
    let page = accounts::list(deps.accounts, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(|balance| api::account(balance, as_of)).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
