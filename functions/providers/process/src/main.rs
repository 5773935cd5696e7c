//! What the function is made of on AWS.

use app::Opened;
use app::providers::Directory;
use app::settle_dispute::Settling;
use app::settle_payment;
use app::work::WorkError;
use aws::{Aws, CommerceTable, KmsVault, Settings, SqsRedelivery, SystemClock, SystemRandom, decode_notice};
use domain::secret::Secret;
use ports::clock::Mint;
use provider::{HttpConnector, ProviderConfig};
use providers_process::{Deps, step};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let sandbox = reader.optional("PROVIDER_URL").zip(reader.optional("PROVIDER_API_KEY"));
    let stripe_url = reader.text("STRIPE_URL");
    let vault_key = reader.text("VAULT_KEY");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let sandbox = sandbox.map(|(url, key)| ProviderConfig::new(url, Secret::new(key)));
    let connector = HttpConnector::new(sandbox, stripe_url)?;
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let (vault, opened) = (KmsVault::new(&aws, vault_key), Opened::default());
    let providers = Directory { connections: &commerce, vault: &vault, connector: &connector, opened: &opened };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let payments = settle_payment::Settling {
        commerce: &commerce,
        payments: &commerce,
        orders: &commerce,
        fees: &commerce,
        providers,
    };
    let settling = Settling { payments, disputes: &commerce };
    let deps = Deps { mint, settling };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
