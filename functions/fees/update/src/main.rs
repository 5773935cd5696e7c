//! What the function is made of on AWS.

use aws::{Aws, CommerceTable, IdentityTable, Settings, SystemClock, SystemRandom};
use fees_update::{Deps, step};
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, fees: &commerce, tenants: &identity };
    runtime::run_task(async |event: Value| Ok((Vec::new(), step(deps, &event).await?))).await
}
