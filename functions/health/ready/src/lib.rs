//! GET /v1/health/ready: 200 when requests can be served, and what is degraded.

use app::health;
use http_kit::serve::{Served, serve_public};
use http_kit::{Code, Problem, Query, Request, Response, routes};
use ports::cache::Cache;
use ports::identity::Tenants;
use serde_json::json;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub tenants: &'a dyn Tenants,
    pub cache: &'a dyn Cache,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::HEALTH_READY, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    Query::new(request).finish()?;
    let readiness = health::readiness(deps.tenants, deps.cache).await;
    let word = |works: bool| if works { "ok" } else { "down" };
    let (table, cache) = (word(readiness.table), word(readiness.cache));
    if !readiness.ready() {
        let problem = Problem::new(Code::Unavailable, "The table does not answer.");
        return Err(problem.with_member("table", table).with_member("cache", cache));
    }
    let body = json!({ "status": "ready", "table": table, "cache": cache, "degraded": !readiness.cache });
    Ok(Response::json(200, body.to_string()))
}
