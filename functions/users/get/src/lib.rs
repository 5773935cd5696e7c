//! GET /v1/users/{id}: one user; `me` is the caller.

use app::users;
use domain::access::Action;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::identity::Users;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub users: &'a dyn Users,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::USERS_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.user_id()?;
    if call.caller.subject != id.to_string() {
        call.require(Action::UserRead)?;
    }
    Query::new(call.request).finish()?;
    let shown = users::get(deps.users, deps.gate.cache, call.caller.tenant, id, call.found).await?;
    Ok(Response::resource(shown))
}
