//! Mail to customers and merchants: what is told of which event, to whom not, and what has been sent. How a mail reads is the
//! letters crate's matter.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::connection::ProviderName;
use crate::dispute::Dispute;
use crate::event::EventType;
use crate::hex::{self, Hex};
use crate::ids::{EventId, FileId, TenantId};
use crate::opt_out::OptOutLink;
use crate::order::Order;
use crate::payment::Payment;
use crate::refund::Refund;
use crate::text::{Email, Name};
use crate::time::Timestamp;
use crate::webhook::Endpoint;

/// How long one who has begun to send a mail is believed to be at it: as long as its function may run. Who dies between
/// sending and noting it lets the mail be sent again after that: twice is better than never.
pub const SENDING_FOR: Duration = Duration::from_secs(30);
/// How long it is kept that a mail was sent: longer than any message of its queue lives.
pub const SENT_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailKind {
    Receipt,
    Refund,
    PaymentFailed,
    Dispute,
    WebhookDisabled,
    ProviderKeyRefused,
}

impl MailKind {
    pub const ALL: [Self; 6] = [
        Self::Receipt,
        Self::Refund,
        Self::PaymentFailed,
        Self::Dispute,
        Self::WebhookDisabled,
        Self::ProviderKeyRefused,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Refund => "refund",
            Self::PaymentFailed => "payment_failed",
            Self::Dispute => "dispute",
            Self::WebhookDisabled => "webhook_disabled",
            Self::ProviderKeyRefused => "provider_key_refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The event that a mail of this kind tells of.
    pub fn event(self) -> EventType {
        match self {
            Self::Receipt => EventType::PaymentSucceeded,
            Self::Refund => EventType::RefundSucceeded,
            Self::PaymentFailed => EventType::PaymentFailed,
            Self::Dispute => EventType::DisputeCreated,
            Self::WebhookDisabled => EventType::WebhookEndpointDisabled,
            Self::ProviderKeyRefused => EventType::ProviderKeyRefused,
        }
    }

    /// To an order's customer; all others are to the tenant's owners.
    pub fn is_to_customer(self) -> bool {
        match self {
            Self::Receipt | Self::Refund | Self::PaymentFailed => true,
            Self::Dispute | Self::WebhookDisabled | Self::ProviderKeyRefused => false,
        }
    }

    pub fn of(event: EventType) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.event() == event)
    }
}

/// How a tenant's mail goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    pub tenant: TenantId,
    /// Whom mails are from; the tenant's name when absent. The address is always the stack's own.
    pub from_name: Option<Name>,
    /// Where answers go.
    pub reply_to: Option<Email>,
    /// What is not sent.
    pub off: BTreeSet<MailKind>,
    /// What stands above the merchant's name on receipts: a picture among the tenant's files.
    pub logo: Option<FileId>,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl MailSettings {
    /// What holds until the tenant says otherwise.
    pub fn standard(tenant: TenantId) -> Self {
        Self {
            tenant,
            from_name: None,
            reply_to: None,
            off: BTreeSet::new(),
            logo: None,
            updated_at: Timestamp::default(),
            version: 0,
        }
    }
}

/// What a mail tells, to be written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub merchant: Name,
    pub to_name: Name,
    pub matter: Matter,
    /// Where its reader says that no more mail is wanted.
    pub opt_out: Option<OptOutLink>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    Receipt { payment: Payment, order: Order },
    Refund { refund: Refund, order: Order },
    PaymentFailed { payment: Payment, order: Order },
    Dispute { dispute: Dispute },
    WebhookDisabled { endpoint: Endpoint },
    ProviderKeyRefused { provider: ProviderName, refused_at: Timestamp },
}

/// A letter as it is read, with or without HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(***)")
    }
}

/// Why a letter cannot be written. It names no person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the letter cannot be written: {0}")]
pub struct Unwritable(pub String);

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub tenant: TenantId,
    pub kind: MailKind,
    pub from_name: Name,
    pub reply_to: Option<Email>,
    pub to: Email,
    /// For the reader's mail program, which shows it as a button of its own.
    pub opt_out: Option<OptOutLink>,
    pub written: Written,
}

/// SHA-256 of an address: enough to know it again, and no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressHash(pub [u8; 32]);

impl AddressHash {
    pub fn of(address: &Email) -> Self {
        Self(hmac_sha256::Hash::hash(address.as_str().as_bytes()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no SHA-256 digest in lower-case hexadecimal digits")]
pub struct NoDigest;

impl FromStr for AddressHash {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        hex::parse(text).map(Self).ok_or(NoDigest)
    }
}

impl fmt::Display for AddressHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

/// One mail of all: what it tells of, to whom. It is sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailId {
    pub event: EventId,
    pub address: AddressHash,
}

/// A day of UTC, by its number since 1970. A tenant's mails are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_seconds().div_euclid(86_400))
    }
}

/// What has become of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClaim {
    /// It is the caller's to send.
    Ours,
    /// Another sends it at this moment, or died at it.
    Busy,
    Sent,
    /// The tenant had sent all that it may in a day when it came: it is not sent, now or later.
    DayFull,
}

/// What has become of a refusal that was to be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifting {
    Lifted,
    /// There was none.
    NotRefused,
    /// It may not be ([`Refusal::may_be_lifted`]).
    Stays,
}

/// Why nothing is sent to an address any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Whoever reads there does not want any.
    OptedOut,
    /// Nobody reads there.
    Bounced,
    /// It was called spam.
    Complained,
}

impl Refusal {
    pub const ALL: [Self; 3] = [Self::OptedOut, Self::Bounced, Self::Complained];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Whoever wants no mail as a customer still hears, as an owner, of what concerns the shop. Where nobody reads, or mail is
    /// called spam, none is sent: it would cost all tenants their good name with the mail providers.
    pub fn stops(self, kind: MailKind) -> bool {
        match self {
            Self::OptedOut => kind.is_to_customer(),
            Self::Bounced | Self::Complained => true,
        }
    }

    /// The first reason stays, but for an opt-out: it lets through what owners are told, and a bounce or a complaint
    /// says that this must not go there either.
    pub fn gives_way_to(self, later: Self) -> bool {
        match (self, later) {
            (Self::OptedOut, Self::Bounced | Self::Complained) => true,
            (Self::OptedOut, Self::OptedOut) | (Self::Bounced | Self::Complained, _) => false,
        }
    }

    /// Whether the tenant may send mail there again. Of a complaint only its reader could say so, and all tenants pay for the
    /// next.
    pub fn may_be_lifted(self) -> bool {
        match self {
            Self::OptedOut | Self::Bounced => true,
            Self::Complained => false,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.as_str() == text)
    }
}

/// An address that a tenant's mail does not go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAddress {
    pub address: AddressHash,
    pub refusal: Refusal,
    pub refused_at: Timestamp,
}

/// What came back of a mail: from now on nothing is sent to those addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    pub tenant: TenantId,
    pub refusal: Refusal,
    pub addresses: Vec<AddressHash>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Queue;

    #[test]
    fn exactly_the_events_that_mails_tell_of_feed_their_queue() {
        for event in EventType::ALL {
            let is_told = MailKind::of(*event).is_some();
            assert_eq!(is_told, event.queues().contains(&Queue::Notifications), "{event:?}");
        }
    }

    #[test]
    fn names_are_unique_and_parse_back() {
        for kind in MailKind::ALL {
            assert_eq!(MailKind::parse(kind.as_str()), Some(kind));
        }
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::parse(refusal.as_str()), Some(refusal));
        }
    }

    #[test]
    fn an_opt_out_stops_what_customers_are_told_and_the_others_stop_all() {
        let stopped = |refusal: Refusal| MailKind::ALL.map(|kind| refusal.stops(kind));
        assert_eq!(stopped(Refusal::OptedOut), [true, true, true, false, false, false]);
        assert_eq!(stopped(Refusal::Bounced), [true; 6]);
        assert_eq!(stopped(Refusal::Complained), [true; 6]);
    }

    #[test]
    fn an_opt_out_alone_gives_way_and_to_what_stops_more() {
        for first in Refusal::ALL {
            for later in Refusal::ALL {
                let stops_more = MailKind::ALL.into_iter().any(|kind| later.stops(kind) && !first.stops(kind));
                assert_eq!(first.gives_way_to(later), stops_more, "{first:?}, {later:?}");
            }
        }
    }

    #[test]
    fn an_address_has_one_hash_however_it_is_written() {
        let hash = |text: &str| Email::parse(text).map(|address| AddressHash::of(&address).to_string());
        assert_eq!(hash("A@B.example"), hash("a@b.example"));
        // echo -n a@b.example | sha256sum
        let known = "ebb18a030bf15174f5714e24d63af1a81355c951ea7389bd2a9bd18e3d0c2477";
        assert_eq!(hash("a@b.example"), Ok(known.to_owned()));
        assert_eq!(known.parse::<AddressHash>().map(|hash| hash.to_string()), Ok(known.to_owned()));
        for wrong in ["", &known[1..], &known.to_uppercase(), &known.replace('e', "g")] {
            assert_eq!(wrong.parse::<AddressHash>(), Err(NoDigest), "{wrong}");
        }
    }
}
