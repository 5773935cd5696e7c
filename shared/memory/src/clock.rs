//! A clock that moves when it is told to. Clones show the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::time::Timestamp;

#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_ms())))
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_ms(), Ordering::Relaxed);
    }

    /// Answers the new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let now = ports::clock::Clock::now(self).plus(by);
        self.set(now);
        now
    }
}

impl Default for Clock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_ms(1_767_225_600_000))
    }
}

impl ports::clock::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }
}
