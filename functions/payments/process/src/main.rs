//! What the function is made of on AWS.

use app::providers::Providers;
use app::settle_payment::Settling;
use app::work::WorkError;
use aws::{Aws, CommerceTable, Settings, SqsRedelivery, SystemClock, SystemRandom, decode_notice};
use domain::secret::Secret;
use payments_process::{Deps, step};
use ports::clock::Mint;
use provider::{HttpProvider, ProviderConfig};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let provider_url = reader.text("PROVIDER_URL");
    let provider_key = reader.text("PROVIDER_API_KEY");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let provider = HttpProvider::new(ProviderConfig::new(provider_url, Secret::new(provider_key)))?;
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let providers = Providers::only("sandbox", &provider);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let settling = Settling { commerce: &commerce, payments: &commerce, orders: &commerce, fees: &commerce, providers };
    let deps = Deps { mint, settling };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
