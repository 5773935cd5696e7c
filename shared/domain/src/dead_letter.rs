//! A message that its worker could not do, kept for the tenant that it belongs to until somebody sends it back. One message is
//! one dead letter, however often it dies.

use std::time::Duration;

use hmac_sha256::Hash;

use crate::backoff::RECEIVES_MAX;
use crate::event::{Notice, Queue};
use crate::ids::{DeadLetterId, FileId, TenantId, uuid_v7};
use crate::time::Timestamp;
use crate::words::words;

/// After its last change.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Whose those are that belong to no tenant: messages that are not ours. Operators see them, no tenant has this id.
pub const NOBODY: TenantId = TenantId::from_u128(0);

words! {
    DeadLetterStatus:
    Waiting = "waiting",
    Redriven = "redriven",
}

/// What a message was about, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub tenant: TenantId,
    /// The event's type, or `upload`.
    pub kind: String,
    /// The id of what it was about.
    pub subject: String,
    /// When it came to be.
    pub made_at: Timestamp,
    pub trace: Option<String>,
}

impl From<&Notice> for About {
    fn from(notice: &Notice) -> Self {
        let Notice { event, tenant, kind, subject, trace } = notice;
        Self {
            tenant: *tenant,
            kind: kind.as_str().to_owned(),
            subject: subject.clone(),
            made_at: event.made_at(),
            trace: trace.clone(),
        }
    }
}

impl About {
    /// The bucket told of an upload.
    pub fn upload(tenant: TenantId, file: FileId) -> Self {
        let (kind, subject) = ("upload".to_owned(), file.to_string());
        Self { tenant, kind, subject, made_at: file.made_at(), trace: None }
    }
}

/// A message as it came to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burial {
    pub queue: Queue,
    pub body: String,
    /// None when it is no message of ours.
    pub about: Option<About>,
    /// None when no worker lived to tell: the queue itself gave it up.
    pub reason: Option<String>,
    /// None when the queue gave it up.
    pub receive_count: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub tenant: TenantId,
    /// Where it goes when it is sent back.
    pub queue: Queue,
    /// What is sent back, to the letter.
    pub body: String,
    pub kind: Option<String>,
    pub subject: Option<String>,
    pub trace: Option<String>,
    pub status: DeadLetterStatus,
    pub reason: Option<String>,
    /// Of its last death: how often it had been received.
    pub receive_count: u32,
    pub deaths: u32,
    pub died_at: Timestamp,
    pub redriven_at: Option<Timestamp>,
    pub version: u64,
}

/// Where a letter stands among those of all tenants that wait: by its last death, the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Death {
    pub at: Timestamp,
    pub id: DeadLetterId,
}

/// It has been sent back already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the dead letter is {}; it may be sent back when it has died again", .current.as_str())]
pub struct DeadLetterRefusal {
    pub current: DeadLetterStatus,
}

impl DeadLetter {
    /// The same message has the same id, wherever and whenever it is kept.
    pub fn id_of(burial: &Burial) -> DeadLetterId {
        let named = format!("{}\n{}", burial.queue.as_str(), burial.body);
        let hash = Hash::hash(named.as_bytes());
        let bits = hash.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        let made_at = burial.about.as_ref().map_or(Timestamp::from_ms(0), |about| about.made_at);
        DeadLetterId::from_u128(uuid_v7(made_at, bits))
    }

    pub fn tenant_of(burial: &Burial) -> TenantId {
        burial.about.as_ref().map_or(NOBODY, |about| about.tenant)
    }

    pub fn new(burial: Burial, now: Timestamp) -> Self {
        let (id, tenant) = (Self::id_of(&burial), Self::tenant_of(&burial));
        let Burial { queue, body, about, reason, receive_count } = burial;
        let (kind, subject, trace) = match about {
            Some(About { tenant: _, kind, subject, made_at: _, trace }) => (Some(kind), Some(subject), trace),
            None => (None, None, None),
        };
        Self {
            id,
            tenant,
            queue,
            body,
            kind,
            subject,
            trace,
            status: DeadLetterStatus::Waiting,
            reason,
            receive_count: receive_count.unwrap_or(RECEIVES_MAX),
            deaths: 1,
            died_at: now,
            redriven_at: None,
            version: 1,
        }
    }

    /// It is among the dead letters once more. While it waits, that may be the same death told twice, or it may have been sent
    /// back and not yet be marked: the new version keeps whoever has sent it from marking it.
    #[must_use]
    pub fn die_again(&self, burial: &Burial, now: Timestamp) -> Self {
        let deaths = match self.status {
            DeadLetterStatus::Waiting => self.deaths,
            DeadLetterStatus::Redriven => self.deaths.saturating_add(1),
        };
        Self {
            status: DeadLetterStatus::Waiting,
            reason: burial.reason.clone(),
            receive_count: burial.receive_count.unwrap_or(RECEIVES_MAX),
            deaths,
            died_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// It has been sent back to its queue.
    pub fn redrive(&self, now: Timestamp) -> Result<Self, DeadLetterRefusal> {
        match self.status {
            DeadLetterStatus::Waiting => Ok(Self {
                status: DeadLetterStatus::Redriven,
                redriven_at: Some(now),
                version: self.version + 1,
                ..self.clone()
            }),
            DeadLetterStatus::Redriven => Err(DeadLetterRefusal { current: self.status }),
        }
    }

    /// From when on the store may forget it.
    pub fn expires_at(&self) -> Timestamp {
        self.redriven_at.map_or(self.died_at, |at| at.max(self.died_at)).plus(KEPT_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn burial(body: &str) -> Burial {
        let about = About {
            tenant: TenantId::from_u128(7),
            kind: "payment.created".to_owned(),
            subject: "pay_1".to_owned(),
            made_at: Timestamp::from_ms(500),
            trace: Some("Root=1".to_owned()),
        };
        let (queue, reason) = (Queue::Payments, Some("there is no payment".to_owned()));
        Burial { queue, body: body.to_owned(), about: Some(about), reason, receive_count: Some(1) }
    }

    #[test]
    fn one_message_is_one_letter_however_often_it_dies() {
        let letter = DeadLetter::new(burial("a"), NOW);
        assert_eq!(letter.id, DeadLetter::id_of(&Burial { reason: None, receive_count: None, ..burial("a") }));
        assert_ne!(letter.id, DeadLetter::id_of(&burial("b")));
        assert_ne!(letter.id, DeadLetter::id_of(&Burial { queue: Queue::Webhooks, ..burial("a") }));
        assert_eq!(letter.id.made_at(), Timestamp::from_ms(500), "letters are sorted by what they are about");
        let told_twice = letter.die_again(&burial("a"), NOW);
        assert_eq!((told_twice.deaths, told_twice.version), (1, 2), "a new version, and no other death");

        let back = letter.redrive(NOW).expect("it waits");
        assert_eq!(back.redrive(NOW), Err(DeadLetterRefusal { current: DeadLetterStatus::Redriven }));
        let later = NOW.plus(Duration::from_secs(1));
        let again = back.die_again(&Burial { reason: None, receive_count: None, ..burial("a") }, later);
        assert_eq!((again.deaths, again.receive_count, again.reason), (2, RECEIVES_MAX, None));
        assert_eq!((again.status, again.died_at, again.version), (DeadLetterStatus::Waiting, later, 3));
    }

    #[test]
    fn what_is_not_ours_is_nobody_s() {
        let strange = Burial { about: None, ..burial("hello") };
        let letter = DeadLetter::new(strange, NOW);
        assert_eq!((letter.tenant, &letter.kind, letter.body.as_str()), (NOBODY, &None, "hello"));
        assert_eq!(letter.expires_at(), NOW.plus(KEPT_FOR));
    }
}
