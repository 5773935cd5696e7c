//! A socket: a connection over which somebody hears of their tenant's events as they happen. It is good for as long as the
//! access token that opened it. Which topics it wants and how far it is in the tenant's feed are its row.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::access::{Caller, Grant};
use crate::event::EventType;
use crate::feed::FeedPlace;
use crate::field::Invalid;
use crate::identity::ACCESS_TOKEN_LIFETIME;
use crate::ids::TenantId;
use crate::time::Timestamp;
use crate::turn::Turn;

/// How many sockets a tenant has at once.
pub const SOCKETS_MAX: usize = 100;
/// How long a message of a client may be, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// How often it is looked at whether a socket still may be open, when nothing else happens on it.
pub const LOOKED_AT_EACH: Duration = Duration::from_secs(60);
const KEPT_BEYOND_ITS_END: Duration = Duration::from_secs(60 * 60);
/// How long the answer to a subscription may take.
const ANSWER_TAKES: Duration = Duration::from_secs(15);
/// What the gateway pushes at most, in bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
pub const PUSH_BYTES_MAX: usize = 128 * 1024;

/// The gateway's name of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(String);

impl SocketId {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client may want to hear of: the first word of public event types, in the plural.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(&'static str);

impl Topic {
    /// `payment.succeeded` belongs to `payments`, `jobs.paused` to `jobs`. `None` where tenants are not told.
    pub fn of(kind: EventType) -> Option<Self> {
        let word = kind.as_str().split('.').next().filter(|_| kind.is_public())?;
        Some(Self(word.strip_suffix('s').unwrap_or(word)))
    }

    pub fn all() -> BTreeSet<Self> {
        EventType::ALL.iter().filter_map(|kind| Self::of(*kind)).collect()
    }

    /// Whether there is anything to be heard of it by who has been granted this.
    pub fn is_open_to(self, grant: &Grant) -> bool {
        let mut kinds = EventType::ALL.iter().filter(|kind| Self::of(**kind) == Some(self));
        kinds.any(|kind| grant.allows(kind.least_action()))
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let word = text.strip_suffix('s');
        let topic = Self::all().into_iter().find(|topic| Some(topic.0) == word);
        topic.ok_or_else(|| {
            let names: Vec<String> = Self::all().iter().map(Self::to_string).collect();
            Invalid::new("unknown_value", format!("must be one of {}", names.join(", ")))
        })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    TokenExpired,
    SessionEnded,
}

impl Closing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokenExpired => "token_expired",
            Self::SessionEnded => "session_ended",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    pub id: SocketId,
    /// Whose token opened it.
    pub caller: Caller,
    pub topics: BTreeSet<Topic>,
    pub place: FeedPlace,
    /// Who is pushing.
    pub turn: Turn,
    pub opened_at: Timestamp,
    pub version: u64,
}

impl Socket {
    pub fn new(id: SocketId, caller: Caller, now: Timestamp) -> Self {
        Self {
            id,
            caller,
            topics: BTreeSet::new(),
            place: FeedPlace::default(),
            turn: Turn::FREE,
            opened_at: now,
            version: 1,
        }
    }

    pub fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// With its token.
    pub fn expires_at(&self) -> Timestamp {
        expiry(&self.caller)
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at()
    }

    /// Long enough for it to be closed, whatever goes wrong meanwhile.
    pub fn kept_until(&self) -> Timestamp {
        self.expires_at().plus(KEPT_BEYOND_ITS_END)
    }

    /// What its caller may not read is never wanted.
    pub fn wants(&self, kind: EventType) -> bool {
        let is_asked_for = Topic::of(kind).is_some_and(|topic| self.topics.contains(&topic));
        is_asked_for && self.caller.grant.allows(kind.least_action())
    }

    #[must_use]
    pub fn turned(&self, turn: Turn) -> Self {
        Self { turn, ..self.next() }
    }

    /// The lease goes on: what stands between two places has been pushed. Somebody who was sent elsewhere meanwhile stays
    /// there.
    #[must_use]
    pub fn moved(&self, from: FeedPlace, to: FeedPlace, now: Timestamp) -> Self {
        let place = if self.place == from { to } else { self.place };
        Self { place, turn: self.turn.kept(now), ..self.next() }
    }

    /// More topics, from the given place on or else from where it is. Nobody pushes before the client has been answered: who
    /// is at it already is asked for more, and else the lease is taken for the answer.
    #[must_use]
    pub fn subscribed(&self, topics: &BTreeSet<Topic>, place: Option<FeedPlace>, now: Timestamp) -> Self {
        let topics = self.topics.union(topics).copied().collect();
        let turn = match self.turn.is_leased(now) {
            true => self.turn.asked_for_more(),
            false => Turn { lease_until: Some(now.plus(ANSWER_TAKES)), wanted: false },
        };
        Self { topics, place: place.unwrap_or(self.place), turn, ..self.next() }
    }

    #[must_use]
    pub fn unsubscribed(&self, topics: &BTreeSet<Topic>) -> Self {
        Self { topics: self.topics.difference(topics).copied().collect(), ..self.next() }
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

/// When the token ends that a caller was known by.
pub fn expiry(caller: &Caller) -> Timestamp {
    Timestamp::from_ms(caller.issued_at_seconds.saturating_mul(1_000)).plus(ACCESS_TOKEN_LIFETIME)
}

/// From which web pages sockets may be opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(BTreeSet<String>);

impl Origins {
    /// Origins as browsers send them (RFC 6454, section 7), between commas. `None` where one of them is none.
    pub fn parse(text: &str) -> Option<Self> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins.map(|origin| is_origin(origin).then(|| origin.to_owned())).collect::<Option<_>>().map(Self)
    }

    /// What sends none is no browser, and has no user's page to be misled by.
    pub fn allow(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| self.0.contains(origin))
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_part))
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
