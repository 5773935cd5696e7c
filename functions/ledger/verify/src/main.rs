//! What the function is made of on AWS.

use app::verification::{Verified, Verifying};
use aws::{Aws, CommerceTable, Settings, SystemClock, SystemRandom};
use ledger_verify::{Deps, Ended, step};
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let verifying = Verifying {
        rows: &commerce,
        verifications: &commerce,
        journal: &commerce,
        accounts: &commerce,
        wallets: &commerce,
        closings: &commerce,
    };
    let deps = Deps { mint, verifying };
    runtime::run_task(async |event: Value| {
        let Ended { verified, answer } = step(deps, &event).await?;
        let Verified { ledgers, faults, appended, failed } = verified;
        let counts = [
            ("LedgersVerified", ledgers),
            ("LedgerFaults", faults),
            ("LeftOutOfJournal", appended),
            ("LedgersUnread", failed),
        ];
        Ok((counts.to_vec(), answer))
    })
    .await
}
