//! What the function is made of on AWS.

use app::attachments::Stores;
use aws::{Aws, CommerceTable, PlatformTable, RedisCache, RedisConfig, Settings, SystemClock, SystemRandom};
use http_kit::Gate;
use orders_attach::{Deps, answer};
use ports::clock::Mint;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let redis_host = reader.text("REDIS_HOST");
    let redis_port = reader.parsed("REDIS_PORT");
    let redis_tls = reader.parsed("REDIS_TLS");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let cache = RedisCache::new(RedisConfig::new(redis_host, redis_port, redis_tls));
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = Stores { files: &platform, attachments: &platform, orders: &commerce };
    let deps = Deps { gate, mint, platform: &platform, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
