//! How domain values are written as items: each kind has a record, a plain struct of attributes. Records know the table's
//! names and units, the domain does not; both are destructured fully on the way, so that a new field breaks the build here.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::field::Invalid;
use domain::metadata::Metadata;
use domain::money::{Amount, Currency, Money};
use domain::time::Timestamp;
use ports::{PortError, PortErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::Item;

use super::key::{IndexKey, Key};
use super::{Attributes, number};

/// The attribute that names an item's kind, for readers of the stream and for people.
pub(crate) const KIND: &str = "kind";
/// The time-to-live attribute: epoch seconds (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>).
/// Deletion may come days late, so nothing is decided by an item's absence alone.
pub(crate) const EXPIRES_AT: &str = "expires_at";

macro_rules! kinds {
    ($($variant:ident = $name:literal,)*) => {
        /// Every kind of item there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($variant,)*
        }

        impl Kind {
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Order = "order",
    Payment = "payment",
    Refund = "refund",
    Dispute = "dispute",
    Event = "event",
    File = "file",
    Attachment = "attachment",
    Job = "job",
    WaitingJob = "waiting_job",
    JobLine = "job_line",
    Schedule = "schedule",
    DeadLetter = "dead_letter",
    Allowance = "allowance",
    ExtractionSettings = "extraction_settings",
    Mail = "mail",
    MailCount = "mail_count",
    MailRefusal = "mail_refusal",
    MailSettings = "mail_settings",
    WebhookEndpoint = "webhook_endpoint",
    WebhookDelivery = "webhook_delivery",
    Socket = "socket",
    FeedBlock = "feed_block",
    Transaction = "transaction",
    Entry = "entry",
    Balance = "balance",
    Wallet = "wallet",
    Block = "block",
    Closing = "closing",
    Connections = "connections",
    Statement = "statement",
    StatementLines = "statement_lines",
    Differences = "differences",
    FeeSettings = "fee_settings",
    Idempotency = "idempotency",
    Tenant = "tenant",
    User = "user",
    Login = "login",
    Session = "session",
    Attempts = "attempts",
    Limit = "limit",
}

/// A value with a place in a table.
pub(crate) trait Stored: Sized {
    const KIND: Kind;
    type Record: Serialize + DeserializeOwned + for<'a> From<&'a Self> + TryInto<Self, Error = Unreadable>;

    fn key(&self) -> Key;

    fn index_keys(&self) -> Vec<IndexKey> {
        Vec::new()
    }

    /// From when on the table may drop it.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The whole item.
pub(crate) fn encode<T: Stored>(value: &T) -> Result<Attributes, PortError> {
    let record = T::Record::from(value);
    let unwritable = |_| PortError::caused_by(PortErrorKind::Rejected, "write an item", T::KIND.as_str());
    let mut item: Attributes = serde_dynamo::to_item(record).map_err(unwritable)?;
    item.extend(value.key().into_attributes());
    item.extend(value.index_keys().into_iter().flat_map(IndexKey::into_attributes));
    item.extend(value.expires_at().map(|at| (EXPIRES_AT.to_owned(), number(at.as_seconds()))));
    item.insert(KIND.to_owned(), AttributeValue::S(T::KIND.as_str().to_owned()));
    Ok(item)
}

/// The value of an item of its kind, out of a table or a stream.
pub(crate) fn decode<T: Stored>(item: impl Into<Item>) -> Result<T, PortError> {
    let item = item.into();
    if kind_of(&item) != Some(T::KIND) {
        return Err(corrupt(Unreadable { kind: T::KIND, attribute: KIND }));
    }
    // serde's message may quote the attribute's value, which must not come into a log.
    let record: T::Record = serde_dynamo::from_item(item)
        .map_err(|_| corrupt(Unreadable { kind: T::KIND, attribute: "some attribute" }))?;
    record.try_into().map_err(corrupt)
}

pub(crate) fn kind_of(item: &Item) -> Option<Kind> {
    match item.get(KIND) {
        Some(serde_dynamo::AttributeValue::S(name)) => Kind::parse(name),
        _ => None,
    }
}

fn corrupt(unreadable: Unreadable) -> PortError {
    PortError::caused_by(PortErrorKind::Corrupt, "read an item", unreadable)
}

/// Which attribute of a stored item is not what was written there. Its value is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) kind: Kind,
    pub(crate) attribute: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of a stored {} cannot be read", self.attribute, self.kind.as_str())
    }
}

impl std::error::Error for Unreadable {}

/// Reads the attributes of one kind of item.
#[derive(Clone, Copy)]
pub(crate) struct Reader(pub(crate) Kind);

impl Reader {
    pub(crate) fn unreadable(self, attribute: &'static str) -> Unreadable {
        Unreadable { kind: self.0, attribute }
    }

    pub(crate) fn parse<T: FromStr>(self, attribute: &'static str, text: &str) -> Result<T, Unreadable> {
        text.parse().map_err(|_| self.unreadable(attribute))
    }

    pub(crate) fn parse_optional<T: FromStr>(
        self,
        attribute: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, Unreadable> {
        text.map(|text| self.parse(attribute, text)).transpose()
    }

    pub(crate) fn known<T>(self, attribute: &'static str, value: Option<T>) -> Result<T, Unreadable> {
        value.ok_or_else(|| self.unreadable(attribute))
    }

    pub(crate) fn valid<T>(self, attribute: &'static str, value: Result<T, Invalid>) -> Result<T, Unreadable> {
        value.map_err(|_| self.unreadable(attribute))
    }

    pub(crate) fn money(self, amount: i64, currency: &str) -> Result<Money, Unreadable> {
        let amount = self.valid("amount", Amount::new(amount))?;
        let currency = self.valid("currency", Currency::parse(currency))?;
        Ok(Money { amount, currency })
    }

    pub(crate) fn metadata(self, pairs: std::collections::BTreeMap<String, String>) -> Result<Metadata, Unreadable> {
        self.valid("metadata", Metadata::parse(pairs))
    }
}

/// A time as it is stored: whole milliseconds.
pub(crate) fn ms(at: Timestamp) -> i64 {
    at.as_ms()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
