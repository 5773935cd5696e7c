//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::webhooks::Waking;
use aws::{Aws, PlatformTable, Settings, SqsQueues, SystemClock, SystemRandom};
use domain::event::Queue;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use webhooks_due::{Deps, step};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let webhooks_url = reader.text("WEBHOOKS_QUEUE_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Webhooks, webhooks_url)]));
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, waking: Waking { deliveries: &platform, queues: &queues } };
    runtime::run_schedule(async || step(deps).await).await
}
