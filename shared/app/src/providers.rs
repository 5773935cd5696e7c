//! The providers that a payment goes by: those whose turn it was when it was made, each with the tenant's own key. One, or
//! two of which the second is for when the first cannot be reached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::connection::{Connections as Connected, ProviderAccount, ProviderName, SealedCredentials};
use domain::ids::TenantId;
use domain::payment::Payment;
use domain::secret::{Sealed, Secret};
use ports::PortError;
use ports::commerce::Consistency;
use ports::connections::{Connections, Connector};
use ports::provider::PaymentProvider;
use ports::vault::{Purpose, Vault};

use crate::work::WorkError;

/// A provider by the name under which payments remember it.
#[derive(Clone)]
pub struct Named {
    pub name: ProviderName,
    /// None when its account was disconnected since.
    provider: Option<Arc<dyn PaymentProvider>>,
}

impl Named {
    pub fn reach(&self) -> Result<&dyn PaymentProvider, WorkError> {
        let name = self.name.as_str();
        let gone = || WorkError::Poison(format!("the account at {name} that the payment went by is not connected"));
        self.provider.as_deref().ok_or_else(gone)
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

/// The providers whose keys an instance has opened, each for as long as its tenant has the same key.
#[derive(Default)]
pub struct Opened(Mutex<HashMap<(TenantId, ProviderName), Kept>>);

/// What was opened, and what it was opened out of.
type Kept = (Sealed, Arc<dyn PaymentProvider>);

impl Opened {
    /// How many are kept.
    const MAX: usize = 256;

    fn get(&self, of: (TenantId, ProviderName), sealed: &Sealed) -> Option<Arc<dyn PaymentProvider>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&of).filter(|(known, _)| known == sealed).map(|(_, provider)| provider.clone())
    }

    fn keep(&self, of: (TenantId, ProviderName), sealed: &Sealed, provider: &Arc<dyn PaymentProvider>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::MAX {
            kept.clear();
        }
        kept.insert(of, (sealed.clone(), provider.clone()));
    }
}

/// Finds the providers of payments.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    pub connections: &'a dyn Connections,
    pub vault: &'a dyn Vault,
    pub connector: &'a dyn Connector,
    pub opened: &'a Opened,
}

impl Directory<'_> {
    /// Reads strongly: a payment that was made after a change counts is worked on by what the change says.
    pub async fn of(&self, payment: &Payment) -> Result<Providers, WorkError> {
        let connected = self.connections.get(payment.tenant, Consistency::Strong).await?;
        let turn = connected.turn_of(payment.created_at);
        let first = match turn.and_then(|turn| turn.first.as_ref()) {
            Some(account) => Some(self.named(&connected, account).await?),
            None if self.connector.has_sandbox() => Some(self.sandbox()?),
            None => None,
        };
        let second = match turn.and_then(|turn| turn.second.as_ref()) {
            Some(account) => Some(self.named(&connected, account).await?),
            None => None,
        };
        let is_another = |named: &Named| first.as_ref().is_none_or(|first| first.name != named.name);
        let second = second.filter(is_another);
        Ok(Providers { first, second })
    }

    fn sandbox(&self) -> Result<Named, PortError> {
        let provider = self.connector.provider(ProviderName::Sandbox, None)?;
        Ok(Named { name: ProviderName::Sandbox, provider: Some(provider) })
    }

    async fn named(&self, connected: &Connected, account: &ProviderAccount) -> Result<Named, WorkError> {
        let name = account.provider;
        let Some(connection) = connected.of_account(account) else { return Ok(Named { name, provider: None }) };
        let provider = match &connection.credentials {
            Some(credentials) => self.open(connected.tenant, name, credentials).await?,
            None => self.connector.provider(name, None)?,
        };
        Ok(Named { name, provider: Some(provider) })
    }

    async fn open(
        &self,
        tenant: TenantId,
        name: ProviderName,
        credentials: &SealedCredentials,
    ) -> Result<Arc<dyn PaymentProvider>, PortError> {
        if let Some(provider) = self.opened.get((tenant, name), &credentials.api_key) {
            return Ok(provider);
        }
        let key = self.vault.open(&api_key(tenant, name), &credentials.api_key).await?;
        let provider = self.connector.provider(name, Some(&key))?;
        self.opened.keep((tenant, name), &credentials.api_key, &provider);
        Ok(provider)
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
