//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::Opened;
use app::webhooks::Delivering;
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, KmsVault, PlatformTable, Settings, SqsQueues, SqsRedelivery, SystemClock, SystemRandom,
    decode_notice,
};
use domain::event::Queue;
use domain::webhook::Reach;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use webhook::{HttpSender, SenderConfig, StandardSigner};
use webhooks_deliver::{Deps, step};

/// How many messages of a batch are worked on at once: all of them, so that none waits for a receiver of another's.
const AT_ONCE: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let vault_key = reader.text("VAULT_KEY");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    let reach = reader.known("WEBHOOKS_REACH", Reach::parse);
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.clone());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Webhooks, queue_url.clone())]));
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let (vault, opened) = (KmsVault::new(&aws, vault_key), Opened::default());
    let sender = HttpSender::new(SenderConfig::new(reach.unwrap_or(Reach::Public)))?;
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let delivering = Delivering {
        endpoints: &platform,
        deliveries: &platform,
        events: &commerce,
        platform: &platform,
        queues: &queues,
        sender: &sender,
        signer: &StandardSigner,
        vault: &vault,
        opened: &opened,
    };
    let deps = Deps { mint, delivering };
    runtime::run_queue_together(&redelivery, &SystemRandom, AT_ONCE, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
