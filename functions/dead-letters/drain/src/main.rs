//! What the function is made of on AWS. It sends to queues, so it is outside the network, where no Redis is: who calls is
//! looked up in the identity table.

use app::dead_letters::Stores;
use app::outside::OutsideGate;
use aws::{Aws, IdentityTable, PlatformTable, Settings, SqsQueues, SystemClock, SystemRandom};
use dead_letters_drain::{Deps, answer};
use domain::event::Queue;
use http_kit::Gate;
use ports::clock::Mint;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let urls = Queue::ALL.map(|queue| (queue, reader.text(&format!("{}_QUEUE_URL", queue.as_str().to_uppercase()))));
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let queues = SqsQueues::new(&aws, urls.into());
    let cache = OutsideGate { users: &identity, sessions: &identity, limits: &identity };
    let gate = Gate { cache: &cache, clock: &SystemClock };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = Stores { platform: &platform, letters: &platform, returns: &queues };
    let deps = Deps { gate, mint, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
