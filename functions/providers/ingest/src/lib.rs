//! POST /v1/providers/{name}/events: takes in what a provider tells of its own accord. The signature is the caller's proof.

use app::provider_events::{self, Teller};
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub tellers: &'a [Teller<'a>],
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::PROVIDERS_INGEST, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let name = request.path_parameters.get("name").map(String::as_str).unwrap_or_default();
    let teller = deps.tellers.iter().find(|teller| teller.name == name);
    let teller = *teller.ok_or_else(|| Problem::not_found("provider"))?;
    let signature = request.header(teller.events.signature_header()).unwrap_or_default();
    let context = request.context(deps.mint);
    Ok(provider_events::take_in(&context, deps.commerce, teller, signature, &request.body).await?.into())
}
