//! POST /v1/users: adds a user to the tenant.

use app::users::{self, NewUser};
use credentials::refuse_known;
use domain::text::{Email, Name};
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::credentials::PasswordHasher;
use ports::identity::Users;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub users: &'a dyn Users,
    pub passwords: &'a dyn PasswordHasher,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::USERS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let user = fields::parse(&call.request.body, new_user)?;
    let context = call.context(deps.mint);
    Ok(users::create(&context, deps.users, deps.passwords, call.caller, claim, user).await?.into())
}

fn new_user(fields: &mut Fields<'_>) -> Option<NewUser> {
    let email = fields.required("email", values::mailable_email);
    let name = fields.required("name", values::line);
    let role = fields.required("role", values::role);
    let password = fields.required("password", values::password);
    let password = fields.check("password", password, |password| {
        let context = [email.as_ref().map(Email::as_str), name.as_ref().map(Name::as_str)];
        refuse_known(password, &context.into_iter().flatten().collect::<Vec<_>>())
    });
    Some(NewUser { email: email?, name: name?, role: role?, password: password? })
}
