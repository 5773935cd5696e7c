//! Once a minute: deliveries whose time has come and that no message brings are put into the queue.

use std::time::Duration;

use domain::event::{Notice, Queue};
use futures_util::{StreamExt, stream};
use ports::PortError;
use ports::queues::Queues;
use ports::webhooks::{DeliveryKey, WebhookDeliveries};

use super::due_notice;
use crate::Context;
use crate::sweep::Swept;

/// How many are looked for at once, and how often in one run.
const PER_ROUND: usize = 250;
const ROUNDS_MAX: usize = 20;
const AT_ONCE: usize = 32;
/// How long the queue has to bring one before it is put there again.
const BROUGHT_WITHIN: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Copy)]
pub struct Waking<'a> {
    pub deliveries: &'a dyn WebhookDeliveries,
    pub queues: &'a dyn Queues,
}

/// One that fails stays due.
pub async fn run(context: &Context<'_>, on: Waking<'_>) -> Result<Swept, PortError> {
    let mut swept = Swept::default();
    for _ in 0..ROUNDS_MAX {
        let due = on.deliveries.due(context.now(), PER_ROUND).await?;
        let is_last = due.len() < PER_ROUND;
        let taken = stream::iter(due.into_iter().map(|key| take(context, on, key))).buffer_unordered(AT_ONCE);
        let taken: Vec<Result<Option<Notice>, PortError>> = taken.collect().await;
        let failed = taken.iter().filter(|result| result.is_err()).count();
        for error in taken.iter().filter_map(|result| result.as_ref().err()) {
            tracing::warn!(error = %error, "left for the next run");
        }
        let notices: Vec<Notice> = taken.into_iter().filter_map(Result::ok).flatten().collect();
        on.queues.send(Queue::Webhooks, &notices).await?;
        swept.done += notices.len();
        swept.failed += failed;
        if is_last || failed > 0 {
            break;
        }
    }
    Ok(swept)
}

/// Moves it on in the index, so that the next run does not find it while its message is under way.
async fn take(context: &Context<'_>, on: Waking<'_>, key: DeliveryKey) -> Result<Option<Notice>, PortError> {
    // The index lags behind the rows.
    let delivery = on.deliveries.get(key).await?.filter(|delivery| delivery.is_due(context.now()));
    let Some(delivery) = delivery else { return Ok(None) };
    let moved = delivery.looked_at(context.now());
    let is_ours = on.deliveries.put(&moved, Some(context.now().plus(BROUGHT_WITHIN))).await?;
    Ok(is_ours.then(|| due_notice(key, None)))
}
