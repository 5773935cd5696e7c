//! GET /v1/settings/mail/refused: addresses that the tenant's mail does not go to.

use app::mail_refusals;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::mail::MailBook;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub book: &'a dyn MailBook,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SETTINGS_REFUSED, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = mail_refusals::list(deps.book, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(api::refused_address).collect();
    Ok(Response::list(call.request, &items, page.next.map(|address| address.to_string())))
}
