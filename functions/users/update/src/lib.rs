//! PATCH /v1/users/{id}: changes name, role or password; `me` is the caller.

use app::users::{self, Stores, UserChange};
use credentials::refuse_known;
use domain::access::Action;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::credentials::PasswordHasher;
use ports::identity::{LoginAttempts, Users};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub users: &'a dyn Users,
    pub passwords: &'a dyn PasswordHasher,
    pub attempts: &'a dyn LoginAttempts,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::USERS_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.user_id()?;
    if call.caller.subject != id.to_string() {
        call.require(Action::UserWrite)?;
    }
    let change = fields::parse(&call.request.body, change)?;
    let change = UserChange { expected_version: call.request.if_match()?, ..change };
    let context = call.context(deps.mint);
    let Deps { gate, mint: _, users, passwords, attempts } = deps;
    let stores = Stores { users, passwords, attempts, cache: gate.cache };
    Ok(Response::resource(users::update(&context, stores, call.caller, id, change).await?))
}

fn change(fields: &mut Fields<'_>) -> Option<UserChange> {
    let name = fields.optional("name", values::line);
    let role = fields.optional("role", values::role);
    let password = fields.optional("password", values::password);
    let password = fields.check("password", password, |password| refuse_known(password, &[]));
    let current_password = fields.optional("current_password", values::secret);
    Some(UserChange { name, role, password, current_password, expected_version: None })
}
