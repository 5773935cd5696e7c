//! GET /v1/.well-known/oauth-authorization-server: where tokens come from (RFC 8414).

use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Query, Request, Response, routes};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub issuer: &'a str,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::WELL_KNOWN_METADATA, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    Query::new(request).finish()?;
    Ok(Response::json(200, credentials::metadata(deps.issuer)).with_header("cache-control", "public, max-age=300"))
}
