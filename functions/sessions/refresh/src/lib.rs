//! POST /v1/sessions/refresh: exchanges a refresh token for new tokens.

use app::sessions::{self, Refreshing};
use http_kit::fields;
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes, values};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub stores: Refreshing<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::SESSIONS_REFRESH, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let token = fields::parse(&request.body, |fields| fields.required("refresh_token", values::secret))?;
    let body = sessions::refresh(&request.context(deps.mint), deps.stores, &token).await?;
    Ok(Response::json(200, body))
}
