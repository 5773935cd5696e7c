//! DELETE /v1/orders/{id}/files/{file_id}: detaches a file from an order; the file stays.

use app::attachments;
use domain::access::Action;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::platform::{Files, Platform};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
    pub files: &'a dyn Files,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_DETACH, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    call.require(Action::OrderWrite)?;
    let (order, file) = (call.request.path_id("id", "order")?, call.request.path_id("file_id", "file")?);
    let context = call.context(deps.mint);
    attachments::detach(&context, deps.platform, deps.files, call.caller.tenant, order, file).await?;
    Ok(Response::no_content())
}
