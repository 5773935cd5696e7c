//! The sandbox payment provider: an outside party with an API of its own, reached over real HTTP. Its tokens say what will
//! happen (see `decision`); it deduplicates by `Idempotency-Key` as a real one does. Its errors are
//! `{"error": {"code", "message"}}`: it is not Coffer's API.
//!
//! ```text
//! POST /v1/charges                                    Idempotency-Key, {"amount", "currency", "token", "capture"}
//! GET  /v1/charges?idempotency_key=...                {"data": [charge]}, empty when there is none
//! POST /v1/charges/authenticate?idempotency_key=...   what the customer does about a charge that requires action
//! POST /v1/charges/capture?idempotency_key=...        {"amount"}: takes that much of a charge that was authorized
//! POST /v1/charges/cancel?idempotency_key=...         gives a charge up; all three answer what the charge has come to
//! POST /v1/disputes/{id}/answer                       {"evidence"}: `winning_evidence` wins, `losing_evidence` loses, any
//!                                                     other is under review for ever
//! POST /v1/refunds                                    Idempotency-Key, {"charge", "amount", "currency"}
//! GET  /v1/refunds?idempotency_key=...
//! ```
//!
//! What its customers do (they authenticate, they dispute) and what their banks decide it tells its client by a signed event,
//! once: `{"id", "type", "data": {"idempotency_key", "client_reference"}}`. A real provider tries for days.

mod access;
mod charges;
mod decision;
mod disputes;
mod input;
mod notify;
mod refunds;
mod refusal;
mod view;

use std::time::Duration;

use domain::secret::Secret;
use http_kit::serve::{CacheUse, Served};
use http_kit::{Request, Response};
use sandbox::{Book, Step};

pub use self::notify::{HttpListener, Listener};
use self::refusal::Refusal;

/// Longer than Coffer waits for an answer.
pub const DAWDLE: Duration = Duration::from_secs(6);

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub book: &'a dyn Book,
    /// What clients prove themselves by.
    pub api_key: &'a Secret,
    /// How long `tok_timeout` keeps its answer back.
    pub dawdle: Duration,
    /// Who hears of what happens; none: nobody.
    pub listener: Option<&'a dyn Listener>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    let result = match access::check(deps.api_key, request) {
        Ok(()) => handle(deps, request).await,
        Err(refusal) => Err(refusal),
    };
    let (response, problem) = match result {
        Ok(response) => (response, None),
        Err(refusal) => refusal.into_answer(),
    };
    Served { response: response.finished(&request.request_id), cache: CacheUse::default(), problem }
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Refusal> {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v1/charges") => charges::create(deps, request).await,
        ("GET", "/v1/charges") => charges::find(deps.book, request).await,
        ("POST", "/v1/charges/authenticate") => charges::authenticate(deps, request).await,
        ("POST", "/v1/charges/capture") => charges::capture(deps.book, request).await,
        ("POST", "/v1/charges/cancel") => charges::take(deps.book, request, Step::Cancel).await,
        ("POST", "/v1/refunds") => refunds::create(deps.book, request).await,
        ("GET", "/v1/refunds") => refunds::find(deps.book, request).await,
        ("POST", path) => match disputes::id_in(path) {
            Some(id) => disputes::answer(deps, id, request).await,
            None => Err(no_route()),
        },
        _ => Err(no_route()),
    }
}

fn no_route() -> Refusal {
    Refusal::new(404, "route_not_found", "There is no such route.")
}

#[cfg(test)]
mod tests;
