//! A moment as whole milliseconds since the Unix epoch. How it is written (RFC 3339) is the wire's matter.

use std::time::Duration;

use crate::field::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down: the unit of DynamoDB's time-to-live and of JWT dates.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this moment is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Itself, where it has come.
    pub fn not_after(self, now: Self) -> Result<Self, Invalid> {
        if self <= now { Ok(self) } else { Err(Invalid::new("in_the_future", "must not be in the future")) }
    }
}
