//! What the function is made of on AWS.

use aws::{Aws, IdentityTable, RedisCache, RedisConfig, Settings, SystemClock, SystemRandom};
use credentials::Argon2Passwords;
use http_kit::Gate;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use users_update::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let identity_table = reader.text("IDENTITY_TABLE");
    let redis_host = reader.text("REDIS_HOST");
    let redis_port = reader.parsed("REDIS_PORT");
    let redis_tls = reader.parsed("REDIS_TLS");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let identity = IdentityTable::new(&aws, identity_table);
    let cache = RedisCache::new(RedisConfig::new(redis_host, redis_port, redis_tls));
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let passwords = Argon2Passwords::default();
    let deps = Deps { gate, mint, users: &identity, passwords: &passwords, attempts: &identity };
    runtime::run_http(async |request| answer(deps, request).await).await
}
