//! What the function is made of on AWS.

use app::match_statement::Matching;
use app::work::WorkError;
use aws::{Aws, CommerceTable, Settings, SqsRedelivery, SystemClock, SystemRandom, decode_notice};
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use statements_process::{Deps, step};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, matching: Matching::of(&commerce) };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
