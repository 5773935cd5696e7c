//! What the function is made of on AWS.

use aws::{Aws, KmsOptOutKey, PlatformTable, Settings, SystemClock, SystemRandom};
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use unsubscribe_create::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let mail_key = reader.text("MAIL_KEY");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let key = KmsOptOutKey::new(&aws, mail_key);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, book: &platform, key: &key };
    runtime::run_http(async |request| answer(deps, request).await).await
}
