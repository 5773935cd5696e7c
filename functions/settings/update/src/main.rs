//! What the function is made of on AWS.

use app::mail_settings::Stores;
use aws::{Aws, PlatformTable, RedisCache, RedisConfig, S3Blobs, Settings, SystemClock, SystemRandom};
use http_kit::Gate;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use settings_update::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    let redis_host = reader.text("REDIS_HOST");
    let redis_port = reader.parsed("REDIS_PORT");
    let redis_tls = reader.parsed("REDIS_TLS");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let cache = RedisCache::new(RedisConfig::new(redis_host, redis_port, redis_tls));
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = Stores { book: &platform, files: &platform, blobs: &blobs };
    let deps = Deps { gate, mint, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
