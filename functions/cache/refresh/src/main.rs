//! What the function is made of on AWS.

use aws::{RedisCache, RedisConfig, decode_change};
use cache_refresh::{Deps, step};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let redis_host = reader.text("REDIS_HOST");
    let redis_port = reader.parsed("REDIS_PORT");
    let redis_tls = reader.parsed("REDIS_TLS");
    reader.finish(())?;
    let cache = RedisCache::new(RedisConfig::new(redis_host, redis_port, redis_tls));
    let deps = Deps { cache: &cache };
    runtime::run_stream(decode_change, async |changes| step(deps, &changes).await).await
}
