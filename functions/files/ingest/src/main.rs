//! What the function is made of on AWS.

use app::ingest::Ingesting;
use app::work::WorkError;
use aws::{
    Aws, PlatformTable, S3Blobs, Settings, SqsRedelivery, SystemClock, SystemRandom, decode_notice, decode_uploads,
};
use files_ingest::{Deps, Message, step};
use ports::clock::Mint;
use ports::queues::Received;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let deps = Deps { mint, ingesting: Ingesting { platform: &platform, files: &platform, blobs: &blobs } };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| step(deps, &read(message)?).await).await
}

fn read(message: &Received) -> Result<Message, WorkError> {
    if let Ok(notice) = decode_notice(&message.body, message.trace.clone()) {
        return Ok(Message::Event(notice));
    }
    decode_uploads(&message.body).map(Message::Uploads).map_err(|error| WorkError::Poison(error.to_string()))
}
