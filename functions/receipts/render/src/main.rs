//! What the function is made of on AWS.

use app::receipts::Rendering;
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, IdentityTable, PlatformTable, S3Blobs, Settings, SqsRedelivery, SystemRandom, decode_notice,
};
use receipts_render::{Deps, step};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let platform_table = reader.text("PLATFORM_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let rendering = Rendering {
        payments: &commerce,
        orders: &commerce,
        accounts: &commerce,
        tenants: &identity,
        book: &platform,
        files: &platform,
        blobs: &blobs,
        print: documents::receipt,
    };
    let deps = Deps { rendering };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
