//! Time and randomness, the two things a use case must not take from the air.

use domain::ids::{TypedId, uuid_v7};
use domain::time::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Unpredictable bits: fit for identifiers and secrets.
pub trait Random: Send + Sync {
    fn bits(&self) -> u128;
}

/// Makes ids of the present moment.
#[derive(Clone, Copy)]
pub struct Mint<'a> {
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
}

impl Mint<'_> {
    pub fn id<T: TypedId>(&self) -> T {
        T::from_bits(uuid_v7(self.clock.now(), self.random.bits()))
    }
}
