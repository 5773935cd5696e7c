//! The port. Every method is atomic and reads what was last written.

use async_trait::async_trait;
use ports::PortError;

use crate::{Charge, Key, Refund, Step};

/// What came of entering a refund under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    Now,
    /// The key has this one already; nothing changes.
    Before(Refund),
    /// The charge has less left than that, or has not succeeded; nothing changes.
    Exceeded,
}

#[async_trait]
pub trait Book: Send + Sync {
    /// Enters the charge, unless its key has one: then tells that one, and nothing changes.
    async fn enter_charge(&self, charge: &Charge) -> Result<Option<Charge>, PortError>;

    async fn charge(&self, key: &Key) -> Result<Option<Charge>, PortError>;

    /// Takes a step on a charge, by [`Charge::after`]. Tells what the charge has come to: one that is beyond the step stays
    /// as it is. `None` when there is none.
    async fn take_step(&self, key: &Key, step: Step) -> Result<Option<Charge>, PortError>;

    /// Counts a call made under a key: 1 for the first.
    async fn count_call(&self, key: &Key) -> Result<u32, PortError>;

    /// Enters the refund, unless its key has one. One that succeeds is taken off what its charge has left in the same step,
    /// so that refunds never come to more than was charged.
    async fn enter_refund(&self, refund: &Refund) -> Result<Entered, PortError>;

    async fn refund(&self, key: &Key) -> Result<Option<Refund>, PortError>;
}
