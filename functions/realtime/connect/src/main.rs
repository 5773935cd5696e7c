//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::outside::Standing;
use app::realtime::Opening;
use aws::{Aws, IdentityTable, PlatformTable, Settings, SqsQueues, SystemClock, SystemRandom};
use domain::event::Queue;
use ports::clock::Mint;
use realtime_connect::{Deps, connect};
use runtime::SocketEventType;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let identity_table = reader.text("IDENTITY_TABLE");
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let realtime_url = reader.text("REALTIME_QUEUE_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let identity = IdentityTable::new(&aws, identity_table);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Realtime, realtime_url)]));
    let standing = Standing { users: &identity, sessions: &identity };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, opening: Opening { sockets: &platform, queues: &queues, standing } };
    runtime::run_socket(SocketEventType::Connect, async |request| connect(deps, request).await).await
}
