//! What the function is made of on AWS.

use app::Opened;
use app::providers::Directory;
use aws::{Aws, CommerceTable, KmsVault, Settings, SystemClock, SystemRandom};
use domain::secret::Secret;
use ports::clock::Mint;
use ports::provider::ProviderEvents;
use provider::{HttpConnector, SandboxEvents};
use providers_ingest::{Deps, answer};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let sandbox_key = reader.optional("SANDBOX_API_KEY");
    let stripe_url = reader.text("STRIPE_URL");
    let vault_key = reader.text("VAULT_KEY");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let vault = KmsVault::new(&aws, vault_key);
    let connector = HttpConnector::of_accounts(false, stripe_url);
    let opened = Opened::default();
    let providers = Directory { connections: &commerce, vault: &vault, connector: &connector, opened: &opened };
    let sandbox = sandbox_key.map(|key| SandboxEvents::new(Secret::new(key)));
    let sandbox = sandbox.as_ref().map(|events| events as &dyn ProviderEvents);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, commerce: &commerce, providers, sandbox };
    runtime::run_http(async |request| answer(deps, request).await).await
}
