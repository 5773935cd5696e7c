//! GET /v1/users: the users of the tenant, newest first.

use app::users;
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
    serve(deps.gate, &routes::USERS_LIST, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let mut query = Query::new(call.request);
    let page = query.page();
    query.finish()?;
    let page = users::list(deps.users, call.caller.tenant, page).await?;
    let items: Vec<String> = page.items.iter().map(api::user).collect();
    Ok(Response::list(call.request, &items, page.next.map(|id| id.to_string())))
}
