//! GET /v1/wallets/{id}: one wallet with its balance.

use app::wallets;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::commerce::Wallets;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub wallets: &'a dyn Wallets,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WALLETS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "wallet")?;
    Query::new(call.request).finish()?;
    let wallet = wallets::get(deps.wallets, call.caller.tenant, id).await?;
    Ok(Response::json(200, api::wallet(&wallet)))
}
