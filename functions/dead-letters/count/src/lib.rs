//! GET /v1/dead_letters/queues: the queues, and how many dead letters of each wait.

use app::dead_letters;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::platform::DeadLetters;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub letters: &'a dyn DeadLetters,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::DEAD_LETTERS_COUNT, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    let counts = dead_letters::counts(deps.letters, call.caller.tenant).await?;
    Ok(Response::json(200, api::dead_letter_queues(&counts)))
}
