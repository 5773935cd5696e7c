//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::realtime::{Feeding, Talking};
use aws::{Aws, CommerceTable, GatewayPusher, PlatformTable, Settings, SqsQueues, SystemClock, SystemRandom};
use domain::event::Queue;
use ports::clock::Mint;
use realtime_message::{Deps, hear};
use runtime::SocketEventType;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let realtime_url = reader.text("REALTIME_QUEUE_URL");
    let gateway_url = reader.text("GATEWAY_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.clone());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Realtime, realtime_url)]));
    let pusher = GatewayPusher::new(&aws, gateway_url);
    let feeding = Feeding { feeds: &platform, events: &commerce };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, talking: Talking { sockets: &platform, feeding, queues: &queues, pusher: &pusher } };
    runtime::run_socket(SocketEventType::Message, async |request| hear(deps, request).await).await
}
