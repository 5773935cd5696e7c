//! A charge as the provider keeps it. `requires_action → succeeded | cancelled`; every other status is final from the start.

use domain::idempotency::Fingerprint;
use domain::money::Money;
use domain::payment::DeclineCode;

use crate::Key;

const ID_PREFIX: &str = "ch_";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    Succeeded,
    /// Waits for its customer.
    RequiresAction,
    Declined(DeclineCode),
    /// Was given up while it waited.
    Cancelled,
}

impl ChargeStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::RequiresAction => "requires_action",
            Self::Declined(_) => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn decline(self) -> Option<DeclineCode> {
        match self {
            Self::Declined(code) => Some(code),
            Self::Succeeded | Self::RequiresAction | Self::Cancelled => None,
        }
    }

    /// The status of a name and a decline code, as [`Self::as_str`] and [`Self::decline`] give them.
    pub fn parse(name: &str, decline: Option<DeclineCode>) -> Option<Self> {
        let statuses =
            [Some(Self::Succeeded), Some(Self::RequiresAction), Some(Self::Cancelled), decline.map(Self::Declined)];
        statuses.into_iter().flatten().find(|status| status.as_str() == name && status.decline() == decline)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub key: Key,
    /// What was asked under the key.
    pub fingerprint: Fingerprint,
    pub money: Money,
    pub status: ChargeStatus,
    pub disputed: bool,
    /// Minor units that refunds have taken, never more than were charged.
    pub refunded: i64,
}

impl Charge {
    /// The provider's name for the charge.
    pub fn id(&self) -> String {
        Self::id_of(&self.key)
    }

    /// The name of the charge that has or will have a key.
    pub fn id_of(key: &Key) -> String {
        format!("{ID_PREFIX}{key}")
    }

    /// The key of the charge of a name.
    pub fn key_of(id: &str) -> Option<Key> {
        Key::parse(id.strip_prefix(ID_PREFIX)?).ok()
    }

    pub fn refundable(&self) -> i64 {
        match self.status {
            ChargeStatus::Succeeded => self.money.amount.get() - self.refunded,
            ChargeStatus::RequiresAction | ChargeStatus::Declined(_) | ChargeStatus::Cancelled => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_back() {
        let declines = DeclineCode::ALL.map(ChargeStatus::Declined);
        for status in
            [ChargeStatus::Succeeded, ChargeStatus::RequiresAction, ChargeStatus::Cancelled].iter().chain(&declines)
        {
            assert_eq!(ChargeStatus::parse(status.as_str(), status.decline()), Some(*status));
        }
        assert_eq!(ChargeStatus::parse("declined", None), None);
        assert_eq!(ChargeStatus::parse("succeeded", Some(DeclineCode::Other)), None);
        assert_eq!(ChargeStatus::parse("lost", None), None);
    }
}
