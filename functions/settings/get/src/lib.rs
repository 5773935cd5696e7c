//! GET /v1/settings/mail: how the tenant's mail goes out.

use app::mail_settings;
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
    serve(deps.gate, &routes::SETTINGS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    Query::new(call.request).finish()?;
    Ok(Response::resource(mail_settings::get(deps.book, call.caller.tenant).await?))
}
