//! POST /v1/sessions: logs a user in.

use app::sessions::{self, LoggingIn, Login};
use http_kit::fields;
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes, values};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub stores: LoggingIn<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::SESSIONS_CREATE, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let address = request.source_address.clone();
    let login = fields::parse(&request.body, |fields| {
        let email = fields.required("email", values::email);
        let password = fields.required("password", values::secret);
        let tenant = fields.optional("tenant_id", values::id);
        Some(Login { email: email?, password: password?, tenant, address })
    })?;
    let body = sessions::log_in(&request.context(deps.mint), deps.stores, login).await?;
    Ok(Response::json(201, body))
}
