//! What the function is made of on AWS.

use app::ingest::Ingesting;
use app::platform_sweep::Sweeping;
use app::run_job::Looking;
use app::schedules::Stores;
use aws::{Aws, PlatformTable, S3Blobs, Settings, SystemClock, SystemRandom};
use platform_sweep::{Deps, step};
use ports::clock::Mint;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let ingesting = Ingesting { platform: &platform, files: &platform, blobs: &blobs };
    let jobs = Looking { platform: &platform, jobs: &platform };
    let schedules = Stores { platform: &platform, schedules: &platform };
    let deps = Deps { mint, sweeping: Sweeping { ingesting, jobs, schedules } };
    runtime::run_schedule(async || step(deps).await).await
}
