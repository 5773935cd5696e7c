//! Queues of work.

use async_trait::async_trait;
use domain::event::{Notice, Queue};

use crate::PortError;

#[async_trait]
pub trait Queues: Send + Sync {
    /// Sends the notices, in as few calls as the queue allows. `Ok` means every one is durable; on an error some may be,
    /// and sending all again is right: consumers take duplicates.
    async fn send(&self, queue: Queue, notices: &[Notice]) -> Result<(), PortError>;
}
