//! A tenant's accounts with payment providers: connected, shown without their keys, disconnected. A key is tried at the
//! provider before it is kept, which also tells whose account it opens.

use domain::connection::{Connections as Connected, Credentials, ProviderAccount, ProviderName, Rank};
use domain::event::EventType;
use domain::field::Invalid;
use domain::ids::TenantId;
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use ports::commerce::{Change, Commerce, Consistency};
use ports::connections::{Connections, Connector};
use ports::provider::ProviderError;
use ports::vault::Vault;
use ports::{PortError, PortErrorKind};

use crate::providers::seal;
use crate::read::Shown;
use crate::revise::{Changing, change, expect_version};
use crate::{Context, Error};

/// The account of a provider that has one for all.
const SANDBOX_ACCOUNT: &str = "sandbox";
const NOUN: &str = "connected provider";

/// The ports that connecting needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub commerce: &'a dyn Commerce,
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
    let read = async || read(on.connections, tenant).await;
    change(Changing { context, store: on.commerce, tenant }, read, |connected, now| {
        expect_version(expected_version, connected.version)?;
        let next = connected.connect(of.clone(), sealed.clone(), rank, now).map_err(Error::Connection)?;
        let shown = shown(&next, provider)?;
        // Other keys of the account are nothing to tell: whether they are others, only KMS could say.
        let is_news = connected.of(provider).is_none() || next.turns != connected.turns;
        let told = || context.event(tenant, EventType::ProviderConnected, provider.as_str(), shown.body.clone());
        Ok((Some((Change::SetConnections(next), is_news.then(told))), shown))
    })
    .await
}

/// Removes the keys. What is under way by the account has to wait until it is connected again.
pub async fn disconnect(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    connections: &dyn Connections,
    tenant: TenantId,
    provider: ProviderName,
) -> Result<(), Error> {
    let read = async || read(connections, tenant).await;
    change(Changing { context, store: commerce, tenant }, read, |connected, now| {
        let last = shown(connected, provider)?;
        let event = context.event(tenant, EventType::ProviderDisconnected, provider.as_str(), last.body);
        Ok((Some((Change::SetConnections(connected.disconnect(provider, now)), Some(event))), ()))
    })
    .await
}

pub async fn get(connections: &dyn Connections, tenant: TenantId, provider: ProviderName) -> Result<Shown, Error> {
    shown(&read(connections, tenant).await?, provider)
}

/// By name. There are at most as many as there are kinds of provider, and they are one item.
pub async fn list(
    connections: &dyn Connections,
    tenant: TenantId,
    page: PageRequest<ProviderName>,
) -> Result<Page<String, ProviderName>, Error> {
    let connected = read(connections, tenant).await?;
    let names = ProviderName::ALL.into_iter().filter(|name| page.after.is_none_or(|after| *name > after));
    let mut found: Vec<_> = names.filter_map(|name| Some((name, api::connection(&connected, name)?))).collect();
    let has_more = found.len() > page.limit.get();
    found.truncate(page.limit.get());
    let next = found.last().map(|(name, _)| *name).filter(|_| has_more);
    Ok(Page { items: found.into_iter().map(|(_, body)| body).collect(), next })
}

async fn account_of(on: Stores<'_>, name: ProviderName, key: &Secret) -> Result<String, Error> {
    on.connector.account(name, key).await.map_err(|error| match error {
        ProviderError::KeyRefused(_) | ProviderError::Refused(_) | ProviderError::Rejected(_) => {
            let invalid = Invalid::new("refused_by_provider", "the provider knows no account by this key");
            Error::Invalid(vec![invalid.at("/api_key")])
        }
        ProviderError::NotSent(_) | ProviderError::Unavailable(_) | ProviderError::TimedOut => {
            Error::Port(PortError::caused_by(PortErrorKind::Unavailable, "ask a provider for its account", error))
        }
    })
}

async fn read(connections: &dyn Connections, tenant: TenantId) -> Result<Connected, Error> {
    Ok(connections.get(tenant, Consistency::Strong).await?)
}

fn shown(connected: &Connected, provider: ProviderName) -> Result<Shown, Error> {
    let body = api::connection(connected, provider).ok_or(Error::NotFound(NOUN))?;
    Ok(Shown { version: connected.version, body })
}
