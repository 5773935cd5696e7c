//! POST /v1/payments/bulk: takes up to 100 payments in, each by itself.

use api::BulkResult;
use app::{Error, Outcome, bulk_payments};
use http_kit::payment::{BULK_MAX, new_payment};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, fields, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_BULK, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.claim()?;
    let payments = fields::parse(&call.request.body, |fields| fields.each("payments", BULK_MAX, new_payment))?;
    let context = call.context(deps.mint);
    let outcomes = bulk_payments::create(&context, deps.commerce, call.caller.tenant, claim, payments).await?;
    Ok(response(outcomes, &call.request.request_id))
}

/// A replay is what repeats the first answer as a whole.
fn response(outcomes: Vec<Result<Outcome, Error>>, request_id: &str) -> Response {
    let is_replay = outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Replayed(_))));
    let results: Vec<BulkResult> = outcomes.into_iter().map(|outcome| result(outcome, request_id)).collect();
    let response = Response::json(200, api::bulk(&results));
    if is_replay { response.replayed() } else { response }
}

fn result(outcome: Result<Outcome, Error>, request_id: &str) -> BulkResult {
    match outcome {
        Ok(Outcome::Done(answer) | Outcome::Replayed(answer)) => {
            BulkResult { status: answer.status, body: answer.body }
        }
        Err(error) => {
            let problem = Problem::from(error);
            BulkResult { status: problem.code.status(), body: problem.body(request_id) }
        }
    }
}
