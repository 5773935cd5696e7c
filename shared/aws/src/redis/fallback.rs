//! Limits of this instance alone, for as long as the shared ones cannot be asked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::rate_limit::{LimitDecision, PaidUntil, Quota, decide};
use domain::time::Timestamp;

/// More callers than this at once are not kept apart any longer by an instance that serves one request at a time.
const CALLERS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct LocalLimits(Mutex<HashMap<String, PaidUntil>>);

impl LocalLimits {
    pub(super) fn decide(&self, name: String, quota: Quota, cost: u32, now: Timestamp) -> LimitDecision {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= CALLERS_MAX && !states.contains_key(&name) {
            make_room(&mut states, now);
        }
        let state = states.entry(name).or_default();
        let (next, decision) = decide(*state, quota, cost, now);
        *state = next;
        decision
    }
}

/// Drops who has nothing to wait for; when everybody has, everybody begins anew.
fn make_room(states: &mut HashMap<String, PaidUntil>, now: Timestamp) {
    let now_us = now.as_ms().saturating_mul(1_000);
    states.retain(|_, PaidUntil(until_us)| *until_us > now_us);
    if states.len() >= CALLERS_MAX {
        states.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { per_minute: 60, burst: 2 };

    #[test]
    fn callers_are_limited_apart() {
        let (limits, now) = (LocalLimits::default(), Timestamp::from_ms(1_000));
        let allowed = |name: &str| limits.decide(name.to_owned(), QUOTA, 1, now).allowed;
        assert_eq!([allowed("a"), allowed("a"), allowed("a"), allowed("b")], [true, true, false, true]);
    }

    #[test]
    fn memory_is_bounded() {
        let limits = LocalLimits::default();
        let len = || limits.0.lock().expect("not poisoned").len();
        let call = |name: usize, ms| {
            limits.decide(name.to_string(), QUOTA, 1, Timestamp::from_ms(ms));
        };
        (0..CALLERS_MAX).for_each(|name| call(name, 0));
        assert_eq!(len(), CALLERS_MAX);
        call(CALLERS_MAX, 1_000);
        assert_eq!(len(), 1, "all the others are free again");
        (0..CALLERS_MAX * 3).for_each(|name| call(name, 1_000));
        assert!(len() <= CALLERS_MAX);
    }
}
