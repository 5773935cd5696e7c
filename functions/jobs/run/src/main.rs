//! What the function is made of on AWS.

use std::time::Duration;

use app::report::Sources;
use app::run_job::{Looking, Running};
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, PlatformTable, S3Blobs, Settings, SqsRedelivery, SystemClock, SystemRandom, decode_notice,
};
use jobs_run::{Deps, step};
use ports::clock::Mint;
use runtime::config::{Reader, environment};

/// The least that S3 takes for a part that is not the last.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Half of the template's time-out: from then on the end of a part is waited for.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let sources = Sources { payments: &commerce, accounts: &commerce, wallets: &commerce, rows: &commerce };
    let looking = Looking { platform: &platform, jobs: &platform };
    let running =
        Running { looking, blobs: &blobs, parts: &blobs, sources, part_bytes: PART_BYTES, patience: PATIENCE };
    let deps = Deps { mint, running };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
