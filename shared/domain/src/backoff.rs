//! How long a failed message waits: exponential, with jitter over the upper half, so that messages that failed together do
//! not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").

use std::time::Duration;

use crate::time::Timestamp;

const FIRST: Duration = Duration::from_secs(1);
const MAX: Duration = Duration::from_secs(900);

/// How often a message is received before it counts as dead. The queues' redrive policies say the same.
pub const RECEIVES_MAX: u32 = 10;

/// `receive_count` is 1 for the first receipt; `random` is any random bits.
pub fn after(receive_count: u32, random: u128) -> Duration {
    let doublings = receive_count.saturating_sub(1).min(30);
    let ceiling = FIRST.saturating_mul(1 << doublings).min(MAX);
    let half_ms = ceiling.as_millis() / 2;
    let jitter_ms = random % (half_ms + 1);
    Duration::from_millis(u64::try_from(half_ms + jitter_ms).unwrap_or(u64::MAX))
}

/// When what the sweeper asked after in vain is asked after again: the longer it has been there, the longer it can wait, a
/// minute at least and a quarter of an hour at most. So what never ends, as when its tenant has taken the provider's key away, makes room.
pub fn asked_in_vain(since: Timestamp, now: Timestamp) -> Timestamp {
    const WAIT: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(900);
    now.plus(now.since(since).clamp(*WAIT.start(), *WAIT.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// I3: what failed together does not come back together.
    #[test]
    fn each_wait_is_drawn_by_itself() {
        assert_eq!([0, 250, 500].map(|random| after(1, random).as_millis()), [500, 750, 1_000]);
        for receive_count in 1..RECEIVES_MAX {
            let [first, second] = [1, 2].map(|random| after(receive_count, random));
            assert!(first < second, "{first:?} and {second:?}");
        }
    }

    proptest! {
        #[test]
        fn between_half_and_all_of_a_doubling_ceiling(receive_count in 1..40_u32, random: u128) {
            let ceiling = Duration::from_secs(1 << (receive_count - 1).min(20)).min(MAX);
            let wait = after(receive_count, random);
            prop_assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait:?} of {ceiling:?}");
        }
    }
}
