//! Rate limits by the generic cell rate algorithm (ITU-T I.371): one number of state, exact, with a burst. The Redis script
//! does the same arithmetic; a contract test holds the two together.

use std::time::Duration;

use crate::time::Timestamp;

/// `per_minute` calls in the long run, up to `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub per_minute: u32,
    pub burst: u32,
}

pub const READS: Quota = Quota { per_minute: 1_000, burst: 200 };
pub const WRITES: Quota = Quota { per_minute: 600, burst: 100 };

impl Quota {
    /// The time one call pays for.
    pub fn interval_us(self) -> i64 {
        60_000_000 / i64::from(self.per_minute.max(1))
    }

    /// How far ahead of now the paid-up time may run.
    pub fn tolerance_us(self) -> i64 {
        self.interval_us() * i64::from(self.burst)
    }
}

/// The time up to which a caller's calls are paid, in microseconds since the epoch. Starts at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaidUntil(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitDecision {
    pub allowed: bool,
    /// How many calls may follow at once.
    pub remaining: u32,
    /// Zero when allowed; else the time until one call is.
    pub retry_after: Duration,
    /// The time until the whole burst is free again.
    pub reset_after: Duration,
}

/// `cost` is how many calls this one counts for; one that costs more than the burst is never allowed.
pub fn decide(state: PaidUntil, quota: Quota, cost: u32, now: Timestamp) -> (PaidUntil, LimitDecision) {
    let now_us = now.as_ms().saturating_mul(1_000);
    let paid = state.0.max(now_us);
    let next = paid + quota.interval_us() * i64::from(cost);
    let ahead = next - now_us;
    let allowed = ahead <= quota.tolerance_us();
    let kept = if allowed { next } else { paid };
    let free = quota.tolerance_us() - (kept - now_us);
    let decision = LimitDecision {
        allowed,
        remaining: u32::try_from(free / quota.interval_us()).unwrap_or(0),
        retry_after: if allowed { Duration::ZERO } else { micros(ahead - quota.tolerance_us()) },
        reset_after: micros(kept - now_us),
    };
    // A refused call changes nothing, whether the caller is ahead or the call alone is too much.
    (if allowed { PaidUntil(next) } else { state }, decision)
}

fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUOTA: Quota = Quota { per_minute: 60, burst: 3 };

    #[test]
    fn a_burst_then_one_a_second() {
        let mut state = PaidUntil::default();
        let mut call = |at_ms| {
            let (next, decision) = decide(state, QUOTA, 1, Timestamp::from_ms(at_ms));
            state = next;
            (decision.allowed, decision.remaining, decision.retry_after.as_millis())
        };
        assert_eq!(call(10_000), (true, 2, 0));
        assert_eq!(call(10_000), (true, 1, 0));
        assert_eq!(call(10_000), (true, 0, 0));
        assert_eq!(call(10_400), (false, 0, 600));
        assert_eq!(call(11_000), (true, 0, 0));
        assert_eq!(call(11_000), (false, 0, 1_000));
        assert_eq!(call(60_000), (true, 2, 0));
    }

    #[test]
    fn a_call_may_count_for_several() {
        let mut state = PaidUntil::default();
        let mut call = |cost, at_ms| {
            let (next, decision) = decide(state, QUOTA, cost, Timestamp::from_ms(at_ms));
            state = next;
            (decision.allowed, decision.remaining, decision.retry_after.as_millis())
        };
        assert_eq!(call(2, 10_000), (true, 1, 0));
        assert_eq!(call(2, 10_000), (false, 1, 1_000), "a refused call costs nothing");
        assert_eq!(call(1, 10_000), (true, 0, 0));
        assert_eq!(call(3, 13_000), (true, 0, 0));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(mut times in prop::collection::vec(0..120_000_i64, 1..300)) {
            times.sort_unstable();
            let mut state = PaidUntil::default();
            let mut allowed = Vec::new();
            for at in times {
                let (next, decision) = decide(state, QUOTA, 1, Timestamp::from_ms(at));
                state = next;
                if decision.allowed { allowed.push(at); }
            }
            for (index, start) in allowed.iter().enumerate() {
                for (count, end) in allowed[index..].iter().enumerate() {
                    prop_assert!(count as i64 <= i64::from(QUOTA.burst) + (end - start) / 1_000);
                }
            }
        }
    }
}
