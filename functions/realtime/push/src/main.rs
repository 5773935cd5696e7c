//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::outside::Standing;
use app::realtime::{Feeding, Pushing};
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, GatewayPusher, IdentityTable, PlatformTable, Settings, SqsQueues, SqsRedelivery, SystemClock,
    SystemRandom, decode_notice,
};
use domain::event::Queue;
use ports::clock::Mint;
use realtime_push::{Deps, step};
use runtime::config::{Reader, environment};

/// How many messages of a batch are worked on at once: all of them, so that none waits for a connection of another's.
const AT_ONCE: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let identity_table = reader.text("IDENTITY_TABLE");
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let gateway_url = reader.text("GATEWAY_URL");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let identity = IdentityTable::new(&aws, identity_table);
    let commerce = CommerceTable::new(&aws, commerce_table.clone());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Realtime, queue_url.clone())]));
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let pusher = GatewayPusher::new(&aws, gateway_url);
    let feeding = Feeding { feeds: &platform, events: &commerce };
    let standing = Standing { users: &identity, sessions: &identity };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let pushing = Pushing { sockets: &platform, feeding, queues: &queues, pusher: &pusher, standing };
    let deps = Deps { mint, pushing };
    runtime::run_queue_together(&redelivery, &SystemRandom, AT_ONCE, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
