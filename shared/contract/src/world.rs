//! The clock and the random source of one test. Two worlds of different seeds share no tenant and no id.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::ids::{TenantId, TypedId};
use domain::time::Timestamp;
use ports::clock::{Clock, Mint, Random};

/// 2100-01-01: a store that deletes expired rows by its own clock deletes none of a test's.
const START: Timestamp = Timestamp::from_ms(4_102_444_800_000);

pub struct World {
    now_ms: AtomicI64,
    random: Mutex<fastrand::Rng>,
}

impl World {
    pub fn new(seed: u128) -> Self {
        let folded = (seed as u64) ^ ((seed >> 64) as u64).rotate_left(32);
        Self { now_ms: AtomicI64::new(START.as_ms()), random: Mutex::new(fastrand::Rng::with_seed(folded)) }
    }

    pub fn mint(&self) -> Mint<'_> {
        Mint { clock: self, random: self }
    }

    pub fn id<T: TypedId>(&self) -> T {
        self.mint().id()
    }

    pub fn tenant(&self) -> TenantId {
        self.id()
    }

    pub fn advance(&self, by: Duration) -> Timestamp {
        self.set(self.now().plus(by));
        self.now()
    }

    pub fn set(&self, now: Timestamp) {
        self.now_ms.store(now.as_ms(), Ordering::Relaxed);
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::Relaxed))
    }
}

impl Random for World {
    fn bits(&self) -> u128 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).u128(..)
    }
}
