//! Queue workers: a batch of messages in, the failed ones out. One message's failure is its own: it waits longer each time,
//! and what can never succeed goes to the dead letters at once, with the reason.

use std::panic::AssertUnwindSafe;

use app::work::WorkError;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::backoff::{self, RECEIVES_MAX};
use futures_util::{FutureExt, StreamExt, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::clock::Random;
use ports::queues::{Received, Redelivery};

use crate::telemetry::{Invocation, chain};

/// Works on messages, one after the other, until the environment is taken down.
pub async fn run_queue<H>(redelivery: &dyn Redelivery, random: &dyn Random, handler: H) -> Result<(), Error>
where
    H: AsyncFn(&Received) -> Result<(), WorkError>,
{
    run_queue_together(redelivery, random, 1, handler).await
}

/// The same, so many messages of a batch at once: for work that mostly waits for others.
pub async fn run_queue_together<H>(
    redelivery: &dyn Redelivery,
    random: &dyn Random,
    at_once: usize,
    handler: H,
) -> Result<(), Error>
where
    H: AsyncFn(&Received) -> Result<(), WorkError>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let mut line = Invocation::begin();
        let response = batch(redelivery, random, at_once, &handler, event.payload, &mut line).await;
        line.end();
        Ok::<_, Error>(response)
    }))
    .await
}

async fn batch<H>(
    redelivery: &dyn Redelivery,
    random: &dyn Random,
    at_once: usize,
    handler: &H,
    event: SqsEvent,
    line: &mut Invocation,
) -> SqsBatchResponse
where
    H: AsyncFn(&Received) -> Result<(), WorkError>,
{
    let mut response = SqsBatchResponse::default();
    let (mut done, mut buried) = (0, 0);
    let work = async |message: Received| {
        let ended = step(redelivery, random, handler, &message).await;
        (message.id, ended)
    };
    let mut ends = stream::iter(event.records.into_iter().map(received).map(work)).buffer_unordered(at_once);
    while let Some((id, ended)) = ends.next().await {
        match ended {
            Ended::Done => done += 1,
            Ended::Buried => buried += 1,
            Ended::Again => response.add_failure(id),
        }
    }
    line.count("MessagesDone", done);
    line.count("MessagesRetried", response.batch_item_failures.len());
    line.count("MessagesBuried", buried);
    response
}

fn received(message: SqsMessage) -> Received {
    let attribute = |name: &str| message.attributes.get(name).cloned();
    Received {
        receive_count: attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1),
        trace: attribute("AWSTraceHeader"),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Again,
    Buried,
}

async fn step<H>(redelivery: &dyn Redelivery, random: &dyn Random, handler: &H, message: &Received) -> Ended
where
    H: AsyncFn(&Received) -> Result<(), WorkError>,
{
    let outcome = AssertUnwindSafe(handler(message)).catch_unwind().await;
    let result = outcome.unwrap_or(Err(WorkError::Retry { reason: "the worker panicked", source: None }));
    let Err(error) = result else { return Ended::Done };
    let cause = chain(&error);
    let tries_are_left = message.receive_count < RECEIVES_MAX;
    if error.retryable() && tries_are_left {
        tracing::warn!(
            message_id = message.id,
            receive_count = message.receive_count,
            error = cause,
            "message to be tried again"
        );
        let wait = backoff::after(message.receive_count, random.bits());
        // Without the delay the queue's own visibility time-out applies: later than wanted, never lost.
        if let Err(error) = redelivery.delay(message, wait).await {
            tracing::warn!(error = chain(&error), "message not delayed");
        }
        return Ended::Again;
    }
    tracing::error!(message_id = message.id, receive_count = message.receive_count, error = cause, "message buried");
    // The tenant reads the reason. What AWS says of its own, with names of ours, is for the log alone.
    match redelivery.bury(message, &error.to_string()).await {
        Ok(()) => Ended::Buried,
        Err(error) => {
            tracing::error!(error = chain(&error), "message not buried");
            Ended::Again
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
