//! POST /v1/unsubscribe: a reader of mail wants no more. Mail programs send it at one click (RFC 8058), and so does the page of
//! `unsubscribe-show`.

use app::{Error, mail_refusals};
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes, unsubscribe};
use ports::clock::Mint;
use ports::mail::{MailBook, OptOutKey};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub book: &'a dyn MailBook,
    pub key: &'a dyn OptOutKey,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::UNSUBSCRIBE_CREATE, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let Some(token) = unsubscribe::token(request)? else { return Ok(unsubscribe::unknown()) };
    match mail_refusals::opt_out(&request.context(deps.mint), deps.book, deps.key, &token).await {
        Ok(()) => Ok(unsubscribe::done()),
        Err(Error::NotFound(_)) => Ok(unsubscribe::unknown()),
        Err(error) => Err(error.into()),
    }
}
