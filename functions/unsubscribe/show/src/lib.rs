//! GET /v1/unsubscribe: asks a reader of mail whether no more is wanted. It changes nothing.

use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes, unsubscribe};

pub async fn answer(request: &Request) -> Served {
    serve_public(&routes::UNSUBSCRIBE_SHOW, request, async |request| handle(request)).await
}

fn handle(request: &Request) -> Result<Response, Problem> {
    Ok(unsubscribe::token(request)?.map_or_else(unsubscribe::unknown, |_| unsubscribe::ask()))
}
