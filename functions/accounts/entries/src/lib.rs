//! GET /v1/accounts/{id}/entries: the entries of an account, newest first.

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
    serve(deps.gate, &routes::ACCOUNTS_ENTRIES, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "account")?;
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = accounts::entries(deps.accounts, call.caller.tenant, id, page).await?;
    let items: Vec<String> = page.items.iter().map(api::entry).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
