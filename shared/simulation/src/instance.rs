//! The clock that functions read: the world's own, ahead of it or behind by as much as the instance that runs is. Adapters
//! read the world's: a queue's or a cache's time is not an instance's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::time::Timestamp;
use memory::Clock;

#[derive(Debug)]
pub struct InstanceClock {
    world: Clock,
    ahead_ms: AtomicI64,
}

impl InstanceClock {
    pub(crate) fn of(world: Clock) -> Self {
        Self { world, ahead_ms: AtomicI64::new(0) }
    }

    /// From now on, an instance runs whose clock is so far ahead; below zero it is behind.
    pub fn set_ahead_ms(&self, ahead_ms: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }
}

impl ports::clock::Clock for InstanceClock {
    fn now(&self) -> Timestamp {
        let ahead_ms = self.ahead_ms.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead_ms.unsigned_abs());
        let now = self.world.now();
        if ahead_ms < 0 { now.minus(by) } else { now.plus(by) }
    }
}
