//! The machine's own clock and random source.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use ports::clock::{Clock, Random};

/// Wall-clock time. It may step backwards: nothing may rely on two readings being in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator, getrandom(2).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bits(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        // Without random bytes there are no ids and no secrets: nothing can go on. Linux does not fail here once booted.
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        u128::from_ne_bytes(bytes)
    }
}
