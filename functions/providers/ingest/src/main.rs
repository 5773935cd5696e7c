//! What the function is made of on AWS.

use app::provider_events::Teller;
use aws::{Aws, CommerceTable, Settings, SystemClock, SystemRandom};
use domain::secret::Secret;
use ports::clock::Mint;
use provider::SandboxEvents;
use providers_ingest::{Deps, answer};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let sandbox_key = reader.text("SANDBOX_API_KEY");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let sandbox = SandboxEvents::new(Secret::new(sandbox_key));
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let tellers = [Teller { name: "sandbox", events: &sandbox }];
    let deps = Deps { mint, commerce: &commerce, tellers: &tellers };
    runtime::run_http(async |request| answer(deps, request).await).await
}
