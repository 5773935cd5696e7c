//! GET /v1/.well-known/jwks.json: the keys that access tokens are signed with (RFC 7517).

use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Query, Request, Response, routes};
use ports::credentials::TokenKey;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub key: &'a dyn TokenKey,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::WELL_KNOWN_JWKS, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    Query::new(request).finish()?;
    let key = deps.key.public_key().await?;
    Ok(Response::json(200, credentials::jwks(&[key])).with_header("cache-control", "public, max-age=300"))
}
