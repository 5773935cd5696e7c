//! What the function is made of on AWS.

use app::dead_letters::Stores;
use aws::{Aws, PlatformTable, Settings, SqsQueues, SystemClock, SystemRandom, about_message, without_addresses};
use dead_letters_keep::{Deps, answer, keep};
use domain::dead_letter::Burial;
use domain::event::Queue;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let name = |queue: Queue| queue.as_str().to_uppercase();
    let urls = Queue::ALL.map(|queue| (queue, reader.text(&format!("{}_QUEUE_URL", name(queue)))));
    let arns = Queue::ALL.map(|queue| (queue, reader.text(&format!("{}_DEAD_LETTERS", name(queue)))));
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let queues = SqsQueues::new(&aws, urls.into());
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, stores: Stores { platform: &platform, letters: &platform, returns: &queues } };
    let queue_of = |source: &str| arns.iter().find(|(_, arn)| arn == source).map(|(queue, _)| *queue);
    let keep = async |burial: Burial| {
        // Of a mail that came back nobody needs to know for a month to whom it went.
        let body = without_addresses(&burial.body).unwrap_or(burial.body);
        keep(deps, &Burial { about: about_message(&body), body, ..burial }).await
    };
    runtime::run_keeper(queue_of, keep, async |question: &Value| answer(deps, question).await).await
}
