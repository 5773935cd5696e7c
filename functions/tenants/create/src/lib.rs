//! POST /v1/tenants: signs a merchant up, with its owner.

use app::tenants::{self, SignUp, SigningUp};
use credentials::refuse_known;
use domain::identity::Password;
use domain::text::{Email, Name};
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Request, Response, routes, values};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub stores: SigningUp<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::TENANTS_CREATE, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let address = request.source_address.clone();
    let sign_up = fields::parse(&request.body, |fields| sign_up(fields, address))?;
    let body = tenants::sign_up(&request.context(deps.mint), deps.stores, sign_up).await?;
    Ok(Response::json(201, body).with_header("location", format!("{}/tenants/me", api::BASE_PATH)))
}

fn sign_up(fields: &mut Fields<'_>, address: String) -> Option<SignUp> {
    let name = fields.required("name", values::line);
    let owner = fields.object("owner", owner);
    let (owner_name, owner_email, owner_password) = owner?;
    Some(SignUp { name: name?, owner_name, owner_email, owner_password, address })
}

fn owner(fields: &mut Fields<'_>) -> Option<(Name, Email, Password)> {
    let name = fields.required("name", values::line);
    let email = fields.required("email", values::mailable_email);
    let password = fields.required("password", values::password);
    let password = fields.check("password", password, |password| {
        let context = [email.as_ref().map(Email::as_str), name.as_ref().map(Name::as_str)];
        refuse_known(password, &context.into_iter().flatten().collect::<Vec<_>>())
    });
    Some((name?, email?, password?))
}
