//! DELETE /v1/settings/mail/refused/{id}: mail goes to an address again.

use app::mail_refusals;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::mail::MailBook;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub book: &'a dyn MailBook,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SETTINGS_ACCEPT, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let address = call.request.path_id("id", mail_refusals::NOUN)?;
    mail_refusals::accept(deps.book, call.caller.tenant, address).await?;
    Ok(Response::no_content())
}
