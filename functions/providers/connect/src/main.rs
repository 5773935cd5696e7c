//! What the function is made of on AWS. It needs KMS and the provider, so it is outside the network, where no Redis is: who
//! calls is looked up in the identity table.

use app::connections::Stores;
use app::outside::OutsideGate;
use aws::{Aws, CommerceTable, IdentityTable, KmsVault, Settings, SystemClock, SystemRandom};
use http_kit::Gate;
use ports::clock::Mint;
use provider::HttpConnector;
use providers_connect::{Deps, answer};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let has_sandbox = reader.parsed("HAS_SANDBOX");
    let stripe_url = reader.text("STRIPE_URL");
    let vault_key = reader.text("VAULT_KEY");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let cache = OutsideGate { users: &identity, sessions: &identity, limits: &identity };
    let vault = KmsVault::new(&aws, vault_key);
    let connector = HttpConnector::of_accounts(has_sandbox, stripe_url);
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = Stores { commerce: &commerce, connections: &commerce, vault: &vault, connector: &connector };
    let deps = Deps { gate, mint, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
