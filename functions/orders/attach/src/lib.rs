//! PUT /v1/orders/{id}/files/{file_id}: attaches a file to an order.

use app::attachments::{self, Stores};
use domain::access::Action;
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::platform::Platform;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_ATTACH, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    call.require(Action::OrderWrite)?;
    let (order, file) = (call.request.path_id("id", "order")?, call.request.path_id("file_id", "file")?);
    fields::parse_optional(&call.request.body, |_| Some(()))?;
    let context = call.context(deps.mint);
    Ok(attachments::attach(&context, deps.platform, deps.stores, call.caller.tenant, order, file).await?.into())
}
