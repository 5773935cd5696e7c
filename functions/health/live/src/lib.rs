//! GET /v1/health/live: the gateway and a function answer.

use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Query, Request, Response, routes};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps {}

pub async fn answer(deps: Deps, request: &Request) -> Served {
    serve_public(&routes::HEALTH_LIVE, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps, request: &Request) -> Result<Response, Problem> {
    let Deps {} = deps;
    Query::new(request).finish()?;
    Ok(Response::json(200, r#"{"status":"live"}"#.to_owned()))
}
