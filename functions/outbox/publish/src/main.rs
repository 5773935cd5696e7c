//! What the function is made of on AWS.

use std::collections::BTreeMap;

use aws::{Aws, CommerceTable, Settings, SqsQueues, decode_change};
use domain::event::Queue;
use outbox_publish::{Deps, step};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let payments_url = reader.text("PAYMENTS_QUEUE_URL");
    let refunds_url = reader.text("REFUNDS_QUEUE_URL");
    let providers_url = reader.text("PROVIDERS_QUEUE_URL");
    let webhooks_url = reader.text("WEBHOOKS_QUEUE_URL");
    let realtime_url = reader.text("REALTIME_QUEUE_URL");
    let statements_url = reader.text("STATEMENTS_QUEUE_URL");
    let receipts_url = reader.text("RECEIPTS_QUEUE_URL");
    let notifications_url = reader.text("NOTIFICATIONS_QUEUE_URL");
    let files_url = reader.text("FILES_QUEUE_URL");
    let jobs_url = reader.text("JOBS_QUEUE_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let queues = SqsQueues::new(
        &aws,
        BTreeMap::from([
            (Queue::Payments, payments_url),
            (Queue::Refunds, refunds_url),
            (Queue::Providers, providers_url),
            (Queue::Webhooks, webhooks_url),
            (Queue::Realtime, realtime_url),
            (Queue::Statements, statements_url),
            (Queue::Receipts, receipts_url),
            (Queue::Notifications, notifications_url),
            (Queue::Files, files_url),
            (Queue::Jobs, jobs_url),
        ]),
    );
    let deps = Deps { queues: &queues, events: &commerce };
    runtime::run_stream(decode_change, async |changes| step(deps, changes).await).await
}
