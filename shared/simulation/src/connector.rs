//! What connecting to providers gives in a world: the first stands for the sandbox, the second for Stripe. A key of Stripe's
//! is `sk_<mode>_<account>_<number>`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::connection::ProviderName;
use domain::secret::Secret;
use ports::PortError;
use ports::connections::Connector as ConnectorPort;
use ports::provider::{PaymentProvider, ProviderError, ProviderEvents};
use provider::SandboxEvents;

/// There is one book of Stripe's: of which account a charge is does not show in it.
pub(crate) struct Connector {
    pub(crate) has_sandbox: bool,
    pub(crate) sandbox: Arc<dyn PaymentProvider>,
    pub(crate) stripe: Arc<dyn PaymentProvider>,
}

#[async_trait]
impl ConnectorPort for Connector {
    fn has_sandbox(&self) -> bool {
        self.has_sandbox
    }

    fn provider(&self, name: ProviderName, _key: Option<&Secret>) -> Result<Arc<dyn PaymentProvider>, PortError> {
        Ok(match name {
            ProviderName::Sandbox => self.sandbox.clone(),
            ProviderName::Stripe => self.stripe.clone(),
        })
    }

    fn events(&self, _: ProviderName, _key: &Secret, secret: &Secret) -> Result<Arc<dyn ProviderEvents>, PortError> {
        Ok(Arc::new(SandboxEvents::new(secret.clone())))
    }

    async fn account(&self, _: ProviderName, key: &Secret) -> Result<String, ProviderError> {
        let modes = [("sk_test_", ":test"), ("sk_live_", "")];
        let of_mode = modes.iter().find_map(|(begin, mode)| Some((key.reveal().strip_prefix(begin)?, mode)));
        let account = of_mode.and_then(|(rest, mode)| Some((rest.split_once('_')?.0, mode)));
        let refused = || ProviderError::Rejected("invalid_request_error".to_owned());
        account.map(|(account, mode)| format!("acct_{account}{mode}")).ok_or_else(refused)
    }
}
