//! GET /v1/dead_letters: messages about the tenant that no worker could do, by queue.

use app::dead_letters;
use domain::event::Queue;
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
    serve(deps.gate, &routes::DEAD_LETTERS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    let queue = query.one_of("queue", Queue::parse);
    query.finish()?;
    let page = dead_letters::list(deps.letters, call.caller.tenant, queue, page).await?;
    let items: Vec<String> = page.items.iter().map(api::dead_letter).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
