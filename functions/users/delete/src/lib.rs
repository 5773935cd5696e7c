//! DELETE /v1/users/{id}: removes a user and refuses their tokens.

use app::users;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
use ports::clock::Mint;
use ports::identity::Users;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub users: &'a dyn Users,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::USERS_DELETE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.user_id()?;
    let context = call.context(deps.mint);
    users::delete(&context, deps.users, deps.gate.cache, call.caller, id).await?;
    Ok(Response::no_content())
}
