//! POST /v1/dead_letters/{id}/redrive: sends one back to its queue.

use app::dead_letters::{self, Stores};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::DEAD_LETTERS_REDRIVE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "dead letter")?;
    let claim = call.optional_claim()?;
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let context = call.context(deps.mint);
    Ok(dead_letters::redrive(&context, deps.stores, call.caller.tenant, claim, id).await?.into())
}
