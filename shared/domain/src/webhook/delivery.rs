//! One event on its way to one endpoint, with the log of its attempts. `pending → succeeded | failed | skipped`; a replay
//! makes it pending once more.

use std::fmt;
use std::time::Duration;

use super::schedule::{held_for, wait_after};
use crate::event::{self, EventType};
use crate::ids::{EventId, TenantId, WebhookEndpointId};
use crate::time::Timestamp;
use crate::words::words;

/// How many attempts the log keeps, the newest; older ones go.
const LOG_MAX: usize = 16;

words! {
    DeliveryStatus:
    Pending = "pending",
    Succeeded = "succeeded",
    /// The last attempt of the schedule failed, too.
    Failed = "failed",
    /// The endpoint was disabled or deleted before it got through.
    Skipped = "skipped",
}

words! {
    /// Why it is sent.
    Cause:
    Event = "event",
    Replay = "replay",
    Test = "test",
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The status of the answer. Redirects are not followed.
    Answered(u16),
    TimedOut,
    /// No name, no connection, no TLS, or no answer that is HTTP.
    Unreachable,
    /// The name leads to an address that webhooks do not go to.
    AddressRefused,
}

impl Outcome {
    pub fn is_success(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// The receiver wants nothing more.
    pub fn is_gone(self) -> bool {
        self == Self::Answered(410)
    }

    /// What went wrong where there is no status.
    pub fn error(self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::TimedOut => Some("timed_out"),
            Self::Unreachable => Some("unreachable"),
            Self::AddressRefused => Some("address_refused"),
        }
    }

    pub fn status(self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status),
            Self::TimedOut | Self::Unreachable | Self::AddressRefused => None,
        }
    }

    /// Of what `status` and `error` say.
    pub fn parse(status: Option<u16>, error: Option<&str>) -> Option<Self> {
        match status {
            Some(status) => Some(Self::Answered(status)),
            None => [Self::TimedOut, Self::Unreachable, Self::AddressRefused].into_iter().find(|o| o.error() == error),
        }
    }
}

/// The beginning of what a receiver answered. It is theirs and may hold anything: its `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ResponseText(String);

impl ResponseText {
    pub const LEN_MAX: usize = 1_024;

    /// Cut, and without characters that a log cannot show.
    pub fn cut(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(Self::LEN_MAX)]);
        let printable = |character: char| if character.is_control() { ' ' } else { character };
        let mut text: String = text.chars().map(printable).collect();
        let mut end = text.len().min(Self::LEN_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResponseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResponseText({} bytes)", self.0.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub at: Timestamp,
    pub took: Duration,
    pub outcome: Outcome,
    pub response: ResponseText,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub tenant: TenantId,
    pub endpoint: WebhookEndpointId,
    pub event: EventId,
    pub kind: EventType,
    pub cause: Cause,
    pub status: DeliveryStatus,
    /// The newest last.
    pub attempts: Vec<Attempt>,
    /// How many of them are of the present schedule: a replay begins a new one.
    pub attempts_made: u32,
    /// How often the endpoint's breaker has held it back since.
    pub holds: u32,
    /// It has its place in the endpoint's rate: when its time comes, it goes.
    pub has_place: bool,
    /// When it is tried next, while it is pending.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Grows with every write.
    pub version: u64,
}

/// What follows an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The receiver wants nothing more.
    Never,
    /// By the schedule, and not before the receiver's own `Retry-After`.
    After(Option<Duration>),
}

/// How a delivery stands after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concluded {
    Delivered,
    TriedAgainAt(Timestamp),
    GivenUp,
}

impl Delivery {
    /// Due at once, and not written anywhere yet.
    pub fn new(
        (tenant, endpoint): (TenantId, WebhookEndpointId),
        (event, kind): (EventId, EventType),
        cause: Cause,
        now: Timestamp,
    ) -> Self {
        Self {
            tenant,
            endpoint,
            event,
            kind,
            cause,
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            attempts_made: 0,
            holds: 0,
            has_place: false,
            next_at: Some(now),
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == DeliveryStatus::Pending && self.next_at.is_none_or(|next_at| next_at <= now)
    }

    /// What an attempt makes of it.
    pub fn concluded(&self, attempt: Attempt, again: Again, random: u128, now: Timestamp) -> (Self, Concluded) {
        let outcome = attempt.outcome;
        let attempts_made = self.attempts_made + 1;
        let wait = match again {
            Again::Never => None,
            Again::After(asked) => wait_after(attempts_made, asked, random),
        };
        let (status, concluded) = match (outcome.is_success(), wait.map(|wait| now.plus(wait))) {
            (true, _) => (DeliveryStatus::Succeeded, Concluded::Delivered),
            (false, Some(at)) => (DeliveryStatus::Pending, Concluded::TriedAgainAt(at)),
            (false, None) => (DeliveryStatus::Failed, Concluded::GivenUp),
        };
        let next_at = match concluded {
            Concluded::TriedAgainAt(at) => Some(at),
            Concluded::Delivered | Concluded::GivenUp => None,
        };
        let too_many = (self.attempts.len() + 1).saturating_sub(LOG_MAX);
        let attempts = self.attempts.iter().skip(too_many).cloned().chain([attempt]).collect();
        (Self { status, attempts, attempts_made, has_place: false, next_at, ..self.next(now) }, concluded)
    }

    /// The breaker is open: it comes up when that may be over. Counts as no attempt, and its place in the rate is gone: those
    /// that were held together would go together.
    #[must_use]
    pub fn held(&self, until: Timestamp, random: u128, now: Timestamp) -> Self {
        let next_at = Some(until.max(now).plus(held_for(self.holds, random)));
        Self { holds: self.holds.saturating_add(1), has_place: false, next_at, ..self.next(now) }
    }

    /// Nothing of it changes but that it was written: whoever read it before has an older version.
    #[must_use]
    pub fn looked_at(&self, now: Timestamp) -> Self {
        self.next(now)
    }

    /// It goes when its place in the endpoint's rate comes up.
    #[must_use]
    pub fn placed(&self, at: Timestamp, now: Timestamp) -> Self {
        Self { has_place: true, next_at: Some(at), ..self.next(now) }
    }

    #[must_use]
    pub fn skipped(&self, now: Timestamp) -> Self {
        Self { status: DeliveryStatus::Skipped, next_at: None, ..self.next(now) }
    }

    /// The whole schedule once more, whatever came of the last.
    #[must_use]
    pub fn replayed(&self, now: Timestamp) -> Self {
        let (status, cause) = (DeliveryStatus::Pending, Cause::Replay);
        Self { status, cause, attempts_made: 0, holds: 0, has_place: false, next_at: Some(now), ..self.next(now) }
    }

    /// Whether a replay that somebody asked for at a moment is under way. One from before that waits is another.
    pub fn is_replayed_since(&self, asked_at: Timestamp) -> bool {
        let last = self.attempts.last().filter(|_| self.attempts_made > 0);
        let since = last.map_or(self.updated_at, |attempt| attempt.at);
        self.cause == Cause::Replay && self.status == DeliveryStatus::Pending && since >= asked_at
    }

    /// As long as the event it is about, from its last change on: a replayed one is not gone tomorrow.
    pub fn expires_at(&self) -> Timestamp {
        self.updated_at.plus(event::KEPT_FOR)
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
