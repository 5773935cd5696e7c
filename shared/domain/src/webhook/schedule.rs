//! When a delivery is tried again: at once, then after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours, 28 hours in all,
//! as the Standard Webhooks specification suggests. Each wait is drawn out by chance, so that what failed together does not
//! come back together.

use std::time::Duration;

/// The waits between one attempt and the next.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
];
pub const ATTEMPTS_MAX: u32 = 8;
/// A receiver that asks for more is asked again after this: the longest wait of the schedule.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(10 * 60 * 60);
/// Over how long what an open breaker has held comes up: the first time, and at most. Doubled by each time.
const HELD_SPREAD_FIRST: Duration = Duration::from_secs(10);
const HELD_SPREAD_MAX: Duration = Duration::from_secs(60 * 60);
/// A wait is up to this part of itself longer.
const JITTER_PART: u128 = 5;

/// The wait after so many attempts, `None` when they were the last. A receiver's `Retry-After` makes it longer, never
/// shorter; `random` is any random bits.
pub fn wait_after(attempts: u32, retry_after: Option<Duration>, random: u128) -> Option<Duration> {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let planned = WAITS.get(index)?;
    let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
    Some(drawn_out((*planned).max(asked), random))
}

/// How long beyond its breaker's time a delivery waits that has been held so often: by chance, and the longer the more often,
/// so that thousands that wait for one endpoint neither come at once nor again and again.
pub(super) fn held_for(holds: u32, random: u128) -> Duration {
    let spread = HELD_SPREAD_FIRST.saturating_mul(1 << holds.min(10)).min(HELD_SPREAD_MAX);
    Duration::from_millis(u64::try_from(random % (spread.as_millis() + 1)).unwrap_or(0))
}

/// The wait and up to a fifth of it more.
pub(super) fn drawn_out(wait: Duration, random: u128) -> Duration {
    let more_ms = random % (wait.as_millis() / JITTER_PART + 1);
    wait + Duration::from_millis(u64::try_from(more_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn eight_attempts_over_more_than_a_day() {
        let waits: Vec<Duration> = (1..).map_while(|attempts| wait_after(attempts, None, 0)).collect();
        assert_eq!(waits, WAITS);
        assert_eq!(waits.len() + 1, ATTEMPTS_MAX as usize);
        assert!(waits.iter().sum::<Duration>() > Duration::from_secs(24 * 60 * 60));
    }

    /// What failed together does not come back together.
    #[test]
    fn each_wait_is_drawn_by_itself() {
        for attempts in 1..ATTEMPTS_MAX {
            let planned = WAITS[attempts as usize - 1];
            let [first, second] = [1, 2].map(|random| wait_after(attempts, None, random).expect("not the last"));
            assert!(planned < first && first < second && second <= planned + planned / 5, "{first:?} and {second:?}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_the_planned_one_and_up_to_a_fifth(attempts in 1..8_u32, random: u128) {
            let planned = WAITS[attempts as usize - 1];
            let wait = wait_after(attempts, None, random).expect("not the last");
            prop_assert!(wait >= planned && wait <= planned + planned / 5, "{wait:?} for {planned:?}");
        }

        #[test]
        fn retry_after_is_honoured_and_bounded(attempts in 1..8_u32, seconds in 0..1_000_000_u64, random: u128) {
            let asked = Duration::from_secs(seconds);
            let wait = wait_after(attempts, Some(asked), random).expect("not the last");
            prop_assert!(wait >= asked.min(RETRY_AFTER_MAX));
            prop_assert!(wait <= RETRY_AFTER_MAX + RETRY_AFTER_MAX / 5);
        }

        #[test]
        fn what_is_held_often_is_spread_wider_and_never_beyond_an_hour(holds: u32, random: u128) {
            prop_assert!(held_for(0, random) <= HELD_SPREAD_FIRST);
            prop_assert!(held_for(holds, random) <= HELD_SPREAD_MAX);
        }

        #[test]
        fn the_last_attempt_is_the_last(attempts in 8..1_000_u32, random: u128) {
            prop_assert_eq!(wait_after(attempts, Some(Duration::from_secs(1)), random), None);
        }
    }
}
