//! POST /v1/dead_letters/redrive: sends back what waits of a queue, so many at a time.

use app::dead_letters::{self, Stores};
use domain::event::Queue;
use domain::field::Invalid;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes, values};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::DEAD_LETTERS_DRAIN, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let queue = fields::parse(&call.request.body, |fields| {
        fields.required("queue", |value| {
            let queue = Queue::parse(values::text(value)?);
            queue.ok_or_else(|| Invalid::new("unknown_value", "must be a queue of GET /v1/dead_letters/queues"))
        })
    })?;
    let context = call.context(deps.mint);
    Ok(dead_letters::redrive_all(&context, deps.stores, call.caller.tenant, claim, queue).await?.into())
}
