//! The providers that a payment goes by: those whose turn it was when it was made, each with the tenant's own key. One, or
//! two of which the second is for when the first cannot be reached.

use std::sync::Arc;

use domain::connection::{Connections as Connected, ProviderAccount, ProviderName, SealedCredentials};
use domain::event::EventType;
use domain::ids::TenantId;
use domain::payment::Payment;
use domain::secret::{Sealed, Secret};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Change, Commerce, Commit, Consistency};
use ports::connections::{Connections, Connector};
use ports::provider::{PaymentProvider, ProviderEvents};
use ports::vault::{Purpose, Vault};

use crate::work::{WorkError, settled};
use crate::{Context, Opened};

/// A provider by the name under which payments remember it.
#[derive(Clone)]
pub struct Named {
    pub name: ProviderName,
    /// None when its account was disconnected since.
    provider: Option<Arc<dyn PaymentProvider>>,
}

impl Named {
    pub fn reach(&self) -> Result<&dyn PaymentProvider, WorkError> {
        self.provider.as_deref().ok_or(WorkError::Disconnected(self.name))
    }
}

#[derive(Clone)]
pub struct Providers {
    /// None where the tenant has connected none and the stack has no sandbox.
    pub first: Option<Named>,
    /// Whether there is one never changes for a payment, even when its account is disconnected: who may send without a claim
    /// depends on it.
    pub second: Option<Named>,
}

impl Providers {
    /// The one that has the payment.
    pub fn of(&self, payment: &Payment) -> Result<&dyn PaymentProvider, WorkError> {
        let written = payment.route.provider();
        let is_it = |named: &&Named| written.is_none_or(|name| named.name == name);
        let found = self.first.iter().chain(&self.second).find(is_it);
        found.ok_or_else(|| WorkError::Poison(format!("{} went by a provider that it has not", payment.id)))?.reach()
    }
}

/// Finds the providers of payments, and whoever tells of them.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    pub connections: &'a dyn Connections,
    pub vault: &'a dyn Vault,
    pub connector: &'a dyn Connector,
    pub opened: &'a Opened,
}

impl Directory<'_> {
    /// Reads strongly: a payment that was made after a change counts is worked on by what the change says.
    pub async fn of(&self, payment: &Payment, now: Timestamp) -> Result<Providers, WorkError> {
        let connected = self.connections.get(payment.tenant, Consistency::Strong).await?;
        let turn = connected.turn_of(payment.created_at);
        let first = match turn.and_then(|turn| turn.first.as_ref()) {
            Some(account) => Some(self.named(&connected, account, now).await?),
            None if self.connector.has_sandbox() => Some(self.sandbox()?),
            None => None,
        };
        let second = match turn.and_then(|turn| turn.second.as_ref()) {
            Some(account) => Some(self.named(&connected, account, now).await?),
            None => None,
        };
        let is_another = |named: &Named| first.as_ref().is_none_or(|first| first.name != named.name);
        let second = second.filter(is_another);
        Ok(Providers { first, second })
    }

    /// What waits for the merchant is due again by itself: no message has to wait with it.
    pub async fn wait(
        &self,
        context: &Context<'_>,
        commerce: &dyn Commerce,
        tenant: TenantId,
        worked: Result<(), WorkError>,
    ) -> Result<(), WorkError> {
        match worked {
            Err(WorkError::KeyRefused(name)) => self.tell_refused(context, commerce, tenant, name).await,
            Err(WorkError::Disconnected(_)) => Ok(()),
            worked => worked,
        }
    }

    /// The merchant is told once that a key is refused. When others were first, the next refusal tells.
    pub(crate) async fn tell_refused(
        &self,
        context: &Context<'_>,
        commerce: &dyn Commerce,
        tenant: TenantId,
        name: ProviderName,
    ) -> Result<(), WorkError> {
        let (connected, now) = (self.connections.get(tenant, Consistency::Strong).await?, context.now());
        let Some(next) = connected.refuse_key(name, now) else { return Ok(()) };
        let shown = api::connection(&next, name);
        let event = shown.map(|shown| context.event(tenant, EventType::ProviderKeyRefused, name.as_str(), shown));
        let changes = vec![Change::SetConnections(next)];
        let commit = Commit { tenant, record: None, changes, events: event.into_iter().collect(), now };
        settled(commerce.commit(commit).await).map(drop)
    }

    fn sandbox(&self) -> Result<Named, PortError> {
        let provider = self.connector.provider(ProviderName::Sandbox, None)?;
        Ok(Named { name: ProviderName::Sandbox, provider: Some(provider) })
    }

    async fn named(
        &self,
        connected: &Connected,
        account: &ProviderAccount,
        now: Timestamp,
    ) -> Result<Named, WorkError> {
        let name = account.provider;
        let Some(connection) = connected.of_account(account) else { return Ok(Named { name, provider: None }) };
        let provider = match &connection.credentials {
            Some(credentials) => {
                let key = self.open(&api_key(connected.tenant, name), &credentials.api_key, now).await?;
                self.connector.provider(name, Some(&key))?
            }
            None => self.connector.provider(name, None)?,
        };
        Ok(Named { name, provider: Some(provider) })
    }

    /// How what a tenant's own account tells is read. None where the tenant has connected none.
    pub async fn events(
        &self,
        tenant: TenantId,
        name: ProviderName,
        now: Timestamp,
    ) -> Result<Option<Arc<dyn ProviderEvents>>, PortError> {
        let connected = self.connections.get(tenant, Consistency::Eventual).await?;
        let credentials = connected.of(name).and_then(|connection| connection.credentials.as_ref());
        let Some(SealedCredentials { api_key: key, webhook_secret: secret }) = credentials else { return Ok(None) };
        let key = self.open(&api_key(tenant, name), key, now).await?;
        let secret = self.open(&webhook_secret(tenant, name), secret, now).await?;
        self.connector.events(name, &key, &secret).map(Some)
    }

    async fn open(&self, purpose: &Purpose, sealed: &Sealed, now: Timestamp) -> Result<Secret, PortError> {
        self.opened.open(self.vault, purpose, sealed, now).await
    }
}

pub(crate) fn api_key(tenant: TenantId, name: ProviderName) -> Purpose {
    Purpose { tenant, name: format!("provider/{}/api_key", name.as_str()) }
}

pub(crate) fn webhook_secret(tenant: TenantId, name: ProviderName) -> Purpose {
    Purpose { tenant, name: format!("provider/{}/webhook_secret", name.as_str()) }
}

/// The key and the secret, to be sealed each for itself.
pub(crate) async fn seal(
    vault: &dyn Vault,
    tenant: TenantId,
    name: ProviderName,
    (key, secret): (&Secret, &Secret),
) -> Result<SealedCredentials, PortError> {
    Ok(SealedCredentials {
        api_key: vault.seal(&api_key(tenant, name), key).await?,
        webhook_secret: vault.seal(&webhook_secret(tenant, name), secret).await?,
    })
}
