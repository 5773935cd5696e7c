//! DELETE /v1/sessions/{id}: logs out; access tokens of the session are refused at once.

use app::sessions;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::identity::Sessions;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub sessions: &'a dyn Sessions,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SESSIONS_DELETE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "session")?;
    let context = call.context(deps.mint);
    sessions::end(&context, deps.sessions, deps.gate.cache, call.caller, id).await?;
    Ok(Response::no_content())
}
