//! Makes providers out of the keys that tenants have connected. All of a provider's tenants share one client: what is kept
//! apart is the key, which goes with each request.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::connection::{Credentials, ProviderName};
use domain::secret::Secret;
use ports::connections::Connector;
use ports::provider::{PaymentProvider, ProviderError, ProviderEvents};
use ports::{PortError, PortErrorKind};
use reqwest::Client;

use crate::{HttpProvider, ProviderConfig, StripeEvents, StripeProvider};

pub struct HttpConnector {
    has_sandbox: bool,
    sandbox: Option<Arc<HttpProvider>>,
    stripe_url: String,
    stripe_client: Mutex<Option<Client>>,
}

impl HttpConnector {
    /// `sandbox` is none where there is no play money. `Rejected` for an address of it that is none.
    pub fn new(sandbox: Option<ProviderConfig>, stripe_url: impl Into<String>) -> Result<Self, PortError> {
        let sandbox = sandbox.map(HttpProvider::new).transpose()?.map(Arc::new);
        let has_sandbox = sandbox.is_some();
        Ok(Self { has_sandbox, sandbox, stripe_url: stripe_url.into(), stripe_client: Mutex::default() })
    }

    /// For who connects accounts and sends no payment: there may be a sandbox whose address it is not told.
    pub fn of_accounts(has_sandbox: bool, stripe_url: impl Into<String>) -> Self {
        Self { has_sandbox, sandbox: None, stripe_url: stripe_url.into(), stripe_client: Mutex::default() }
    }

    /// The client is made for the first tenant that needs it: reading the system's certificates takes milliseconds.
    fn stripe(&self, key: &Secret) -> Result<StripeProvider, PortError> {
        let config = ProviderConfig::new(self.stripe_url.clone(), key.clone());
        let mut kept = self.stripe_client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match &*kept {
            Some(client) => client.clone(),
            None => config.client()?,
        };
        *kept = Some(client.clone());
        StripeProvider::over(client, config)
    }
}

#[async_trait]
impl Connector for HttpConnector {
    fn has_sandbox(&self) -> bool {
        self.has_sandbox
    }

    fn provider(&self, name: ProviderName, key: Option<&Secret>) -> Result<Arc<dyn PaymentProvider>, PortError> {
        match (name, key, &self.sandbox) {
            (ProviderName::Sandbox, _, Some(sandbox)) => Ok(sandbox.clone()),
            (ProviderName::Stripe, Some(key), _) => Ok(Arc::new(self.stripe(key)?)),
            (ProviderName::Sandbox, _, None) | (ProviderName::Stripe, None, _) => Err(not_here()),
        }
    }

    fn events(&self, name: ProviderName, key: &Secret, secret: &Secret) -> Result<Arc<dyn ProviderEvents>, PortError> {
        match name {
            ProviderName::Sandbox => Err(not_here()),
            ProviderName::Stripe => Ok(Arc::new(StripeEvents::new(secret.clone(), self.stripe(key)?))),
        }
    }

    async fn account(&self, name: ProviderName, key: &Secret) -> Result<String, ProviderError> {
        match name {
            ProviderName::Sandbox => Err(ProviderError::Rejected("sandbox".to_owned())),
            ProviderName::Stripe => {
                let stripe = self.stripe(key).map_err(|_| ProviderError::Rejected("key".to_owned()))?;
                stripe.account(Credentials::is_test(key)).await
            }
        }
    }
}

fn not_here() -> PortError {
    PortError::new(PortErrorKind::Rejected, "reach a provider that is not set up")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stripe_double::Stripe;

    fn connector(stripe_url: &str) -> HttpConnector {
        HttpConnector::new(None, stripe_url).expect("set up")
    }

    #[tokio::test]
    async fn a_key_opens_its_account() {
        let stripe = Stripe::serve();
        let connector = connector(&stripe.base_url);
        let account = async |key: &str| connector.account(ProviderName::Stripe, &Secret::new(key)).await;
        assert_eq!(account("sk_test_one_1").await.expect("known"), "acct_one:test");
        assert_eq!(account("sk_test_one_2").await.expect("another key of it"), "acct_one:test");
        assert_eq!(account("sk_test_two_1").await.expect("known"), "acct_two:test");
        assert_eq!(account("sk_live_one_1").await.expect("known"), "acct_one", "its live mode is another account");
        let error = account("sk_other").await.expect_err("unknown");
        assert!(matches!(error, ProviderError::KeyRefused(ProviderName::Stripe)), "{error:?}");
        let error = account("no header\ncan carry this").await.expect_err("no key");
        assert!(matches!(error, ProviderError::Rejected(_)), "{error:?}");
        assert_eq!(stripe.books().requests.len(), 5, "what no header carries is not sent");
    }

    #[tokio::test]
    async fn a_provider_that_cannot_be_reached_says_nothing_of_a_key() {
        let error = connector("http://127.0.0.1:1").account(ProviderName::Stripe, &Secret::new("sk_test_one_1")).await;
        assert!(matches!(error, Err(ProviderError::NotSent(_))));
    }

    #[test]
    fn where_there_is_no_sandbox_there_is_none() {
        let connector = connector("http://127.0.0.1:1");
        assert!(!connector.has_sandbox());
        assert!(connector.provider(ProviderName::Sandbox, None).is_err());
        assert!(connector.provider(ProviderName::Stripe, None).is_err(), "nobody's key");
    }
}
