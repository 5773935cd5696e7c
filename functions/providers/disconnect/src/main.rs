//! What the function is made of on AWS.

use aws::{Aws, CommerceTable, RedisCache, RedisConfig, Settings, SystemClock, SystemRandom};
use http_kit::Gate;
use ports::clock::Mint;
use providers_disconnect::{Deps, answer};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let redis_host = reader.text("REDIS_HOST");
    let redis_port = reader.parsed("REDIS_PORT");
    let redis_tls = reader.parsed("REDIS_TLS");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let cache = RedisCache::new(RedisConfig::new(redis_host, redis_port, redis_tls));
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { gate, mint, commerce: &commerce, connections: &commerce };
    runtime::run_http(async |request| answer(deps, request).await).await
}
