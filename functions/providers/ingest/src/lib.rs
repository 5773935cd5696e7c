//! POST /v1/providers/{name}/events: takes in what a provider tells of its own accord. The signature is the caller's proof.

use app::provider_events::{self, Teller};
use app::providers::Directory;
use domain::connection::ProviderName;
use domain::field::Invalid;
use domain::ids::TenantId;
use http_kit::serve::{Served, serve_public};
use http_kit::{Problem, Query, Request, Response, routes};
use ports::clock::Mint;
use ports::commerce::Commerce;
use ports::provider::ProviderEvents;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    pub providers: Directory<'a>,
    /// The sandbox, which tells of all tenants under one secret; none where there is no play money.
    pub sandbox: Option<&'a dyn ProviderEvents>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve_public(&routes::PROVIDERS_INGEST, request, async |request| handle(deps, request).await).await
}

async fn handle(deps: Deps<'_>, request: &Request) -> Result<Response, Problem> {
    let name: ProviderName = request.path_id("name", "provider")?;
    let mut query = Query::new(request);
    let tenant = query.optional("tenant", |text| {
        text.parse::<TenantId>().map_err(|_| Invalid::new("invalid_id", "is not the id of a tenant"))
    });
    query.finish()?;
    let context = request.context(deps.mint);
    let own = match tenant {
        Some(tenant) => deps.providers.events(tenant, name, context.now()).await.map_err(app::Error::Port)?,
        None => None,
    };
    let is_sandbox = tenant.is_none() && name == ProviderName::Sandbox;
    let sandbox = deps.sandbox.filter(|_| is_sandbox);
    let events = own.as_deref().or(sandbox).ok_or_else(|| Problem::not_found("provider"))?;
    let signature = request.header(events.signature_header()).unwrap_or_default();
    let teller = Teller { name, tenant, events };
    Ok(provider_events::take_in(&context, deps.commerce, teller, signature, &request.body).await?.into())
}
