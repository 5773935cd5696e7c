//! How an endpoint fares: a circuit breaker, the pace it is sent at, since when it has been failing, and for an ordered one
//! who is sending and how far they are. Kept apart from what the tenant set, and written on its own version.

use std::time::Duration;

use super::endpoint::RatePerSecond;
use super::schedule::drawn_out;
use crate::ids::EventId;
use crate::rate_limit::PaidUntil;
use crate::time::Timestamp;
use crate::turn::Turn;

/// So many failures one after the other open the breaker.
pub const FAILURES_UNTIL_OPEN: u32 = 5;
/// How long an open breaker stays so: the first time, and at most. Doubled by each probe that fails.
const OPEN_FIRST: Duration = Duration::from_secs(30);
const OPEN_MAX: Duration = Duration::from_secs(10 * 60);
/// How long a probe is waited for before another may go: longer than any request takes.
const PROBE_TAKES: Duration = Duration::from_secs(60);
/// How long who lost the race for a probe waits.
pub const PROBE_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// Nothing got through for so long: the endpoint is disabled.
pub const GIVEN_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// How long a replay of many events is believed to be at its next page: longer than a message that fails waits.
const REPLAY_PAGE_TAKES: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// One after the other, since the last success.
    pub failures: u32,
    /// The first of them.
    pub failing_since: Option<Timestamp>,
    /// Until when the breaker lets nothing through.
    pub open_until: Option<Timestamp>,
    /// What the endpoint's rate has been used up to.
    pub paid: PaidUntil,
    /// Who is sending an ordered endpoint's events.
    pub turn: Turn,
    /// The last event that an ordered endpoint is done with; before the first, the newest that it is not told of.
    pub sent_up_to: EventId,
    /// The replay of many events that is under way: one at a time.
    pub replaying: Option<Replaying>,
    pub version: u64,
}

/// A replay of many events, by the event that asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaying {
    pub event: EventId,
    /// Until when its next page is waited for.
    pub until: Timestamp,
}

/// Whether something may be sent now, as far as the breaker goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// One may try, to see whether it works again.
    Probe,
    HeldUntil(Timestamp),
}

/// What a request says of its endpoint when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Usual,
    /// The one that an open breaker has let through.
    Probe,
}

impl Health {
    /// Of an endpoint that is told of what happens from now on.
    pub fn new(now: Timestamp) -> Self {
        Self {
            failures: 0,
            failing_since: None,
            open_until: None,
            paid: PaidUntil::default(),
            turn: Turn::FREE,
            sent_up_to: EventId::floor_at(now),
            replaying: None,
            version: 0,
        }
    }

    /// An endpoint that is enabled again begins anew, and is not told of what happened meanwhile.
    #[must_use]
    pub fn begun_again(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, ..Self::new(now) }
    }

    /// What failed at another URL says nothing of this one. What has been sent, and who is sending, stays.
    #[must_use]
    pub fn moved(&self) -> Self {
        Self { failures: 0, failing_since: None, open_until: None, ..self.next() }
    }

    pub fn readiness(&self, now: Timestamp) -> Readiness {
        match self.open_until {
            Some(until) if now < until => Readiness::HeldUntil(until),
            Some(_) => Readiness::Probe,
            None => Readiness::Ready,
        }
    }

    /// Takes the one probe: nobody else sends before it is over.
    #[must_use]
    pub fn probing(&self, now: Timestamp) -> Self {
        Self { open_until: Some(now.plus(PROBE_TAKES)), ..self.next() }
    }

    /// `None` where that says nothing new: the breaker is open, and the request was under way when it opened. A probe opens
    /// it for longer.
    pub fn failed(&self, request: Request, now: Timestamp, random: u128) -> Option<Self> {
        let is_news = match request {
            Request::Usual => self.open_until.is_none(),
            Request::Probe => true,
        };
        is_news.then(|| self.counted(now, random))
    }

    fn counted(&self, now: Timestamp, random: u128) -> Self {
        let failures = self.failures.saturating_add(1);
        let doublings = failures.checked_sub(FAILURES_UNTIL_OPEN);
        let open_for =
            doublings.map(|doublings| drawn_out((OPEN_FIRST * (1 << doublings.min(10))).min(OPEN_MAX), random));
        Self {
            failures,
            failing_since: self.failing_since.or(Some(now)),
            open_until: open_for.map(|wait| now.plus(wait)),
            ..self.next()
        }
    }

    /// `None` when that is nothing new: most successes write nothing.
    pub fn succeeded(&self) -> Option<Self> {
        let was_well = self.failures == 0 && self.failing_since.is_none() && self.open_until.is_none();
        (!was_well).then(|| Self { failures: 0, failing_since: None, open_until: None, ..self.next() })
    }

    pub fn is_given_up(&self, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| now.since(since) >= GIVEN_UP_AFTER)
    }

    /// Books the next of the rate's places and says when it is: now, while the burst lasts. Each is booked once, so that
    /// many deliveries that have to wait come up one after the other, and not all of them each time there is room for one.
    pub fn paced(&self, rate: RatePerSecond, now: Timestamp) -> (Self, Timestamp) {
        let interval_us = 1_000_000 / i64::from(rate.get());
        let now_us = now.as_ms().saturating_mul(1_000);
        let paid_us = self.paid.0.max(now_us).saturating_add(interval_us);
        // A second's worth may go at once.
        let wait_us = paid_us.saturating_sub(now_us).saturating_sub(1_000_000).max(0);
        let wait = Duration::from_millis(u64::try_from(wait_us).unwrap_or(0).div_ceil(1_000));
        (Self { paid: PaidUntil(paid_us), ..self.next() }, now.plus(wait))
    }

    #[must_use]
    pub fn turned(&self, turn: Turn) -> Self {
        Self { turn, ..self.next() }
    }

    /// As `turned`, where nothing is left up to an event.
    #[must_use]
    pub fn left(&self, turn: Turn, passed: Option<EventId>) -> Self {
        let sent_up_to = passed.map_or(self.sent_up_to, |passed| passed.max(self.sent_up_to));
        Self { sent_up_to, ..self.turned(turn) }
    }

    /// The lease goes on: what was done is done, up to an event.
    #[must_use]
    pub fn sent(&self, up_to: EventId, now: Timestamp) -> Self {
        Self { sent_up_to: up_to.max(self.sent_up_to), turn: self.turn.kept(now), ..self.next() }
    }

    /// `None` while it is another replay's turn.
    pub fn replays(&self, event: EventId, now: Timestamp) -> Option<Self> {
        let is_free = self.replaying.is_none_or(|other| other.event == event || other.until <= now);
        let replaying = Some(Replaying { event, until: now.plus(REPLAY_PAGE_TAKES) });
        is_free.then(|| Self { replaying, ..self.next() })
    }

    pub fn is_replaying(&self, now: Timestamp) -> bool {
        self.replaying.is_some_and(|replaying| now < replaying.until)
    }

    /// `None` when it is not that replay's turn any more.
    pub fn replayed(&self, event: EventId) -> Option<Self> {
        let is_its = self.replaying.is_some_and(|replaying| replaying.event == event);
        is_its.then(|| Self { replaying: None, ..self.next() })
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
