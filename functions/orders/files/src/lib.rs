//! GET /v1/orders/{id}/files: the files of an order, oldest attachment first.

use app::attachments::{self, Stores};
use domain::access::Action;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::ORDERS_FILES, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    call.require(Action::OrderRead)?;
    let order = call.request.path_id("id", "order")?;
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = attachments::list(deps.stores, call.caller.tenant, order, page).await?;
    let items: Vec<String> = page.items.iter().map(|(file, attachment)| api::attached_file(file, attachment)).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
