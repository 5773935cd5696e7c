//! What the function is made of on AWS. It needs KMS, so it is outside the network, where no Redis is: who calls is looked up
//! in the identity table.

use app::outside::OutsideGate;
use app::webhook_endpoints::{Secrets, Stores};
use aws::{Aws, IdentityTable, KmsVault, PlatformTable, Settings, SystemClock, SystemRandom};
use domain::webhook::Reach;
use http_kit::Gate;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use webhook::StandardSigner;
use webhook_endpoints_create::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let vault_key = reader.text("VAULT_KEY");
    let reach = reader.known("WEBHOOKS_REACH", Reach::parse);
    reader.finish(())?;
    let reach = reach.unwrap_or(Reach::Public);
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let cache = OutsideGate { users: &identity, sessions: &identity, limits: &identity };
    let vault = KmsVault::new(&aws, vault_key);
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = Stores { platform: &platform, endpoints: &platform };
    let secrets = Secrets { vault: &vault, signer: &StandardSigner };
    let deps = Deps { gate, mint, stores, secrets, reach };
    runtime::run_http(async |request| answer(deps, request).await).await
}
