//! GET /v1/payments/{id}/receipt: where the receipt of a payment is, or that it is being made.

use app::receipts;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::blobs::Blobs;
use ports::clock::Mint;
use ports::commerce::Payments;

/// A worker takes seconds from the event to the document.
const RETRY_AFTER_SECONDS: &str = "2";

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub payments: &'a dyn Payments,
    pub blobs: &'a dyn Blobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_RECEIPT, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "payment")?;
    Query::new(call.request).finish()?;
    let context = call.context(deps.mint);
    let link = receipts::link(&context, deps.payments, deps.blobs, call.caller.tenant, id).await?;
    Ok(match link {
        Some(link) => Response::see_other(link.url),
        None => {
            Response::json(202, r#"{"status":"processing"}"#.to_owned()).with_header("retry-after", RETRY_AFTER_SECONDS)
        }
    })
}
