//! A tenant's accounts with payment providers: connected, shown without their keys, disconnected. A key is tried at the
//! provider before it is kept, which also tells whose account it opens.

use domain::connection::{Connections as Connected, Credentials, ProviderAccount, ProviderName, Rank};
use domain::field::Invalid;
use domain::ids::TenantId;
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use ports::commerce::Consistency;
use ports::connections::{ConnectionError, Connections, Connector};
use ports::provider::ProviderError;
use ports::vault::Vault;
use ports::{PortError, PortErrorKind};

use crate::commit::TRIES;
use crate::providers::seal;
use crate::read::Shown;
use crate::{Context, Error};

/// The account of a provider that has one for all.
const SANDBOX_ACCOUNT: &str = "sandbox";
const NOUN: &str = "connected provider";

/// The ports that connecting needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub connections: &'a dyn Connections,
    pub vault: &'a dyn Vault,
    pub connector: &'a dyn Connector,
}

#[derive(Debug, Clone)]
pub struct NewConnection {
    pub provider: ProviderName,
    pub rank: Rank,
    /// None for the sandbox.
    pub credentials: Option<Credentials>,
    /// The client's `If-Match`.
    pub expected_version: Option<u64>,
}

/// Doing it twice is doing it once.
pub async fn connect(
    context: &Context<'_>,
    on: Stores<'_>,
    tenant: TenantId,
    input: NewConnection,
) -> Result<Shown, Error> {
    let NewConnection { provider, rank, credentials, expected_version } = input;
    let is_there = provider != ProviderName::Sandbox || on.connector.has_sandbox();
    if !is_there {
        return Err(Error::NotFound("provider"));
    }
    let is_play_money = credentials.as_ref().is_some_and(|given| Credentials::is_test(&given.api_key));
    if is_play_money && !on.connector.has_sandbox() {
        let invalid = Invalid::new("test_key", "is of a test mode, and no play money is taken here");
        return Err(Error::Invalid(vec![invalid.at("/api_key")]));
    }
    let account = match &credentials {
        Some(Credentials { api_key, webhook_secret: _ }) => account_of(on, provider, api_key).await?,
        None => SANDBOX_ACCOUNT.to_owned(),
    };
    let sealed = match &credentials {
        Some(Credentials { api_key, webhook_secret }) => {
            Some(seal(on.vault, tenant, provider, (api_key, webhook_secret)).await?)
        }
        None => None,
    };
    let of = ProviderAccount { provider, account };
    let next = change(on.connections, tenant, expected_version, |connected| {
        connected.connect(of.clone(), sealed.clone(), rank, context.now()).map_err(Error::Connection)
    })
    .await?;
    shown(&next, provider)
}

/// Removes the keys. What is under way by the account has to wait until it is connected again.
pub async fn disconnect(
    context: &Context<'_>,
    connections: &dyn Connections,
    tenant: TenantId,
    provider: ProviderName,
) -> Result<(), Error> {
    change(connections, tenant, None, |connected| {
        connected.of(provider).ok_or(Error::NotFound(NOUN))?;
        Ok(connected.disconnect(provider, context.now()))
    })
    .await
    .map(drop)
}

pub async fn get(connections: &dyn Connections, tenant: TenantId, provider: ProviderName) -> Result<Shown, Error> {
    shown(&connections.get(tenant, Consistency::Strong).await?, provider)
}

/// By name. There are at most as many as there are kinds of provider, and they are one item.
pub async fn list(
    connections: &dyn Connections,
    tenant: TenantId,
    page: PageRequest<ProviderName>,
) -> Result<Page<String, ProviderName>, Error> {
    let connected = connections.get(tenant, Consistency::Strong).await?;
    let names = ProviderName::ALL.into_iter().filter(|name| page.after.is_none_or(|after| *name > after));
    let mut found: Vec<_> = names.filter_map(|name| Some((name, api::connection(&connected, name)?))).collect();
    let has_more = found.len() > page.limit.get();
    found.truncate(page.limit.get());
    let next = found.last().map(|(name, _)| *name).filter(|_| has_more);
    Ok(Page { items: found.into_iter().map(|(_, body)| body).collect(), next })
}

async fn account_of(on: Stores<'_>, name: ProviderName, key: &Secret) -> Result<String, Error> {
    on.connector.account(name, key).await.map_err(|error| match error {
        ProviderError::Rejected(_) => {
            let invalid = Invalid::new("refused_by_provider", "the provider knows no account by this key");
            Error::Invalid(vec![invalid.at("/api_key")])
        }
        ProviderError::NotSent(_) | ProviderError::Unavailable(_) | ProviderError::TimedOut => {
            Error::Port(PortError::caused_by(PortErrorKind::Unavailable, "ask a provider for its account", error))
        }
    })
}

async fn change(
    connections: &dyn Connections,
    tenant: TenantId,
    expected_version: Option<u64>,
    next: impl Fn(&Connected) -> Result<Connected, Error>,
) -> Result<Connected, Error> {
    for _ in 0..TRIES {
        let connected = connections.get(tenant, Consistency::Strong).await?;
        if expected_version.is_some_and(|expected| expected != connected.version) {
            return Err(Error::PreconditionFailed);
        }
        let next = next(&connected)?;
        match connections.put(&next).await {
            Ok(()) => return Ok(next),
            Err(ConnectionError::Stale) => {}
            Err(ConnectionError::Port(error)) => return Err(error.into()),
        }
    }
    Err(Error::InFlight)
}

fn shown(connected: &Connected, provider: ProviderName) -> Result<Shown, Error> {
    let body = api::connection(connected, provider).ok_or(Error::NotFound(NOUN))?;
    Ok(Shown { version: connected.version, body })
}
