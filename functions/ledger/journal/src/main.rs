//! What the function is made of on AWS.

use aws::{Aws, CommerceTable, Settings, SystemClock, decode_change};
use ledger_journal::{Deps, step};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let deps = Deps { clock: &SystemClock, journal: &commerce, accounts: &commerce, closings: &commerce };
    runtime::run_stream(decode_change, async |changes| step(deps, changes).await).await
}
