//! When not to ask: after a failure nobody does for a second, then one call does, and its outcome decides for the rest. A
//! sick server so costs an instance one time-out a second, not one a request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ports::PortError;
use tokio::time::Instant;

const REST: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Option<Instant>>);

impl Breaker {
    /// Whether a call may go out now. Once the rest is over, the call that is told so is the probe, and the next one is for
    /// another rest later: a probe that never reports back blocks nothing.
    pub(super) fn lets_through(&self, now: Instant) -> bool {
        let mut asks_again_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *asks_again_at {
            None => true,
            Some(at) if now < at => false,
            Some(_) => {
                *asks_again_at = Some(now + REST);
                true
            }
        }
    }

    /// Told once for all the calls that were kept back.
    pub(super) fn succeeded(&self) {
        let was_resting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some();
        if was_resting {
            tracing::info!("the cache answers again");
        }
    }

    /// Told once for all the calls that will be kept back.
    pub(super) fn failed(&self, now: Instant, error: &PortError) {
        let asked_again_at = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(now + REST);
        if asked_again_at.is_none() {
            let cause = error.source.as_deref().map(ToString::to_string);
            tracing::warn!(error = %error, cause, "the cache is away: limits are this instance's own");
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::PortErrorKind;

    use super::*;

    fn error() -> PortError {
        PortError::new(PortErrorKind::TimedOut, "ask the cache")
    }

    #[test]
    fn a_failure_then_a_rest_then_one_probe() {
        let (breaker, error) = (Breaker::default(), error());
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(breaker.lets_through(start) && breaker.lets_through(start));
        breaker.failed(start, &error);
        assert!(!breaker.lets_through(at(999)));
        assert!(breaker.lets_through(at(1_000)), "the probe");
        assert!(!breaker.lets_through(at(1_001)), "the others wait for it");
        breaker.failed(at(1_050), &error);
        assert!(!breaker.lets_through(at(2_049)));
        assert!(breaker.lets_through(at(2_050)), "the next probe");
        breaker.succeeded();
        assert!(breaker.lets_through(at(2_051)) && breaker.lets_through(at(2_052)));
    }

    #[test]
    fn a_probe_that_is_dropped_is_followed_by_another() {
        let breaker = Breaker::default();
        let start = Instant::now();
        breaker.failed(start, &error());
        assert!(breaker.lets_through(start + REST));
        assert!(breaker.lets_through(start + REST * 2));
    }
}
