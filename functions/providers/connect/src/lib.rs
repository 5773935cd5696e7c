//! PUT /v1/providers/{name}: connects an account with a payment provider, or gives the connected one other keys or another
//! rank. The keys are never told again.

use app::connections::{self, NewConnection, Stores};
use domain::connection::{Credentials, ProviderName, Rank};
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PROVIDERS_CONNECT, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let provider = call.request.path_id("name", "provider")?;
    let (rank, credentials) = fields::parse(&call.request.body, |fields| read(fields, provider))?;
    let expected_version = call.request.if_match()?;
    let input = NewConnection { provider, rank, credentials, expected_version };
    let context = call.context(deps.mint);
    Ok(Response::resource(connections::connect(&context, deps.stores, call.caller.tenant, input).await?))
}

fn read(fields: &mut Fields<'_>, provider: ProviderName) -> Option<(Rank, Option<Credentials>)> {
    let rank = fields.required("rank", |value| Rank::parse(values::text(value)?));
    let credentials = match provider {
        ProviderName::Sandbox => Some(None),
        ProviderName::Stripe => stripe(fields).map(Some),
    };
    Some((rank?, credentials?))
}

fn stripe(fields: &mut Fields<'_>) -> Option<Credentials> {
    let api_key = fields.required("api_key", |value| Credentials::stripe_key(values::text(value)?));
    let webhook_secret =
        fields.required("webhook_secret", |value| Credentials::stripe_webhook_secret(values::text(value)?));
    Some(Credentials { api_key: api_key?, webhook_secret: webhook_secret? })
}
