//! Queues of work.

use std::time::Duration;

use async_trait::async_trait;
use domain::event::{Notice, Queue};
use domain::ids::TenantId;

use crate::PortError;

/// The longest wait of a message: the queue's own bound. What waits longer is due in a table.
pub const WAIT_MAX: Duration = Duration::from_secs(900);

#[async_trait]
pub trait Queues: Send + Sync {
    /// Sends the notices, in as few calls as the queue allows. `Ok` means every one is durable; on an error some may be,
    /// and sending all again is right: consumers take duplicates.
    async fn send(&self, queue: Queue, notices: &[Notice]) -> Result<(), PortError> {
        self.send_after(queue, Duration::ZERO, notices).await
    }

    /// The same, and no worker sees them before the wait is over: [`WAIT_MAX`] at most, else `Rejected`.
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError>;
}

/// A message as its worker got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub id: String,
    /// Names this one receipt of the message.
    pub receipt: String,
    pub body: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    pub trace: Option<String>,
}

/// The attributes of a buried message that say why it is, and how often it had been received.
pub const REASON: &str = "reason";
pub const RECEIVE_COUNT: &str = "receive_count";

/// What a worker does with a message that it could not finish.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Hides the message for `wait` before it is received again.
    async fn delay(&self, message: &Received, wait: Duration) -> Result<(), PortError>;

    /// Puts the message among the dead letters, with the reason. Afterwards the message itself may be deleted.
    async fn bury(&self, message: &Received, reason: &str) -> Result<(), PortError>;
}

/// A message as it is sent back to its queue: its text as it was, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub body: String,
    /// Whose it is.
    pub tenant: TenantId,
    pub trace: Option<String>,
}

#[async_trait]
pub trait Returns: Send + Sync {
    /// As [`Queues::send`].
    async fn send_back(&self, queue: Queue, parcels: &[Parcel]) -> Result<(), PortError>;
}
