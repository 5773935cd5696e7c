//! GET /v1/accounts/{id}: one account with its balance, now or `at` a past time.

use app::{accounts, closings};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::closings::Closings;
use ports::commerce::Accounts;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub accounts: &'a dyn Accounts,
    pub closings: &'a dyn Closings,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ACCOUNTS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let (tenant, id) = (call.caller.tenant, call.request.path_id("id", "account")?);
    let now = deps.gate.clock.now();
    let mut query = Query::new(call.request);
    let at = query.past_time("at", now);
    query.finish()?;
    if let Some(at) = at {
        let posted = closings::posted_at(deps.accounts, deps.closings, tenant, id, at).await?;
        return Ok(Response::json(200, api::account_at(id, posted, at)));
    }
    let balance = accounts::get(deps.accounts, tenant, id).await?;
    Ok(Response::json(200, api::account(&balance, now)))
}
