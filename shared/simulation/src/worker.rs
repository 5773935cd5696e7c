//! The queue workers. Messages are received in batches and handled by the rules of `runtime::queue`, which this mirrors:
//! what failed waits longer each time, what cannot succeed is buried at once, and the batch's other messages are deleted
//! when its answer is in. A worker that dies deletes nothing.

use std::time::Duration;

use app::work::WorkError;
use domain::backoff::{self, RECEIVES_MAX};
use domain::event::{Notice, Queue};
use domain::mail::Feedback;
use futures_util::future::join_all;
use memory::Delivery;
use ports::blobs::BlobKey;
use ports::clock::Random as _;
use ports::queues::Redelivery as _;

use crate::tasks::run;
use crate::world::World;

/// The template's `BatchSize`.
pub const BATCH_MAX: usize = 5;
/// The template's `VisibilityTimeout`.
pub const VISIBILITY: Duration = Duration::from_secs(180);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    Again,
    Buried,
}

impl World {
    pub fn receive(&self, queue: Queue, count: usize) -> Vec<Delivery> {
        self.queues.receive(queue, count, VISIBILITY)
    }

    /// The worker's real step.
    pub async fn step(&self, queue: Queue, notice: &Notice) -> Result<(), WorkError> {
        match queue {
            Queue::Payments => {
                let deps = payments_process::Deps { mint: self.mint(), settling: self.settling_payments() };
                payments_process::step(deps, notice).await
            }
            Queue::Receipts => {
                receipts_render::step(receipts_render::Deps { rendering: self.rendering() }, notice).await
            }
            Queue::Notifications => {
                let deps = notifications_send::Deps { mint: self.mint(), notifying: self.notifying() };
                notifications_send::step(deps, &notifications_send::Message::Event(notice.clone())).await
            }
            Queue::Providers => {
                let deps = providers_process::Deps { mint: self.mint(), settling: self.settling_disputes() };
                providers_process::step(deps, notice).await
            }
            Queue::Webhooks => {
                webhooks_deliver::step(
                    webhooks_deliver::Deps { mint: self.mint(), delivering: self.delivering() },
                    notice,
                )
                .await
            }
            Queue::Realtime => {
                let deps = realtime_push::Deps { mint: self.mint(), pushing: self.pushing() };
                realtime_push::step(deps, notice).await
            }
            Queue::Statements => {
                let deps = statements_process::Deps { mint: self.mint(), matching: self.matching() };
                statements_process::step(deps, notice).await
            }
            Queue::Files => {
                let deps = files_ingest::Deps { mint: self.mint(), ingesting: self.ingesting() };
                files_ingest::step(deps, &files_ingest::Message::Event(notice.clone())).await
            }
            Queue::Jobs => {
                let deps = jobs_run::Deps { mint: self.mint(), running: self.running_jobs() };
                jobs_run::step(deps, notice).await
            }
            Queue::Refunds => {
                let deps = refunds_process::Deps { mint: self.mint(), settling: self.settling_refunds() };
                refunds_process::step(deps, notice).await
            }
        }
    }

    /// One invocation: a batch in, each message's fate out.
    pub async fn work_on(&self, queue: Queue, batch: &[Delivery]) -> Vec<Fate> {
        let mut fates = Vec::new();
        match queue {
            Queue::Webhooks | Queue::Realtime => {
                fates = join_all(batch.iter().map(|delivery| self.handle(queue, delivery))).await
            }
            Queue::Payments
            | Queue::Refunds
            | Queue::Providers
            | Queue::Statements
            | Queue::Files
            | Queue::Jobs
            | Queue::Receipts
            | Queue::Notifications => {
                for delivery in batch {
                    fates.push(self.handle(queue, delivery).await);
                }
            }
        }
        for (delivery, fate) in batch.iter().zip(&fates) {
            if *fate != Fate::Again {
                self.queues.delete(&delivery.message);
            }
        }
        fates
    }

    async fn handle(&self, queue: Queue, delivery: &Delivery) -> Fate {
        let Delivery { message, notice } = delivery;
        let Err(error) = self.step(queue, notice).await else { return Fate::Done };
        let tries_are_left = message.receive_count < RECEIVES_MAX;
        if error.retryable() && tries_are_left {
            let wait = backoff::after(message.receive_count, self.random.bits());
            // Without the delay the queue's own visibility time-out applies.
            drop(self.queues.delay(message, wait).await);
            return Fate::Again;
        }
        match self.queues.bury(message, &error.to_string()).await {
            Ok(()) => Fate::Buried,
            Err(_) => Fate::Again,
        }
    }

    /// The real step of notifications-send on what SES tells.
    pub async fn feedback_step(&self, feedback: Feedback) -> Result<(), WorkError> {
        let deps = notifications_send::Deps { mint: self.mint(), notifying: self.notifying() };
        notifications_send::step(deps, &notifications_send::Message::Feedback(Some(feedback))).await
    }

    /// The real step of files-ingest on what the bucket tells of.
    pub async fn ingest_step(&self, uploads: &[BlobKey]) -> Result<(), WorkError> {
        let deps = files_ingest::Deps { mint: self.mint(), ingesting: self.ingesting() };
        files_ingest::step(deps, &files_ingest::Message::Uploads(uploads.to_vec())).await
    }

    /// Takes the uploads that nobody has been told of yet.
    pub fn take_uploads(&self) -> Vec<BlobKey> {
        let mut uploads = self.uploads.borrow_mut();
        uploads.extend(self.blobs.take_uploaded());
        std::mem::take(&mut uploads)
    }

    /// Tells of all of them. Says how many were looked at; what failed is told again.
    pub fn ingest(&self) -> usize {
        let uploads = self.take_uploads();
        let failed = uploads.iter().filter(|key| run(self.ingest_step(&[**key])).is_err());
        let failed: Vec<BlobKey> = failed.copied().collect();
        let done = uploads.len() - failed.len();
        self.uploads.borrow_mut().extend(failed);
        done
    }

    /// Receives one batch and works on it.
    pub fn work(&self, queue: Queue) -> Vec<Fate> {
        let batch = self.receive(queue, BATCH_MAX);
        run(self.work_on(queue, &batch))
    }
}
