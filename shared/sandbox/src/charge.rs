//! A charge as the provider keeps it. `requires_action → authorized | succeeded | cancelled`, `authorized → succeeded |
//! cancelled`; every other status is final from the start.

use domain::dispute::DisputeStatus;
use domain::idempotency::Fingerprint;
use domain::money::{Amount, Money};
use domain::payment::{Capture, DeclineCode};

use crate::Key;

const ID_PREFIX: &str = "ch_";
const DISPUTE_PREFIX: &str = "dp_";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    Succeeded,
    /// Waits for its customer.
    RequiresAction,
    /// Waits to be captured.
    Authorized,
    Declined(DeclineCode),
    /// Was given up while it waited.
    Cancelled,
}

/// What is done about a charge that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The customer confirms it.
    Authenticate,
    /// At most this much is taken, the rest set free.
    Capture(Amount),
    Cancel,
    /// What becomes of the charge's dispute.
    Dispute(DisputeStatus),
}

impl ChargeStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Declined(_) => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn decline(self) -> Option<DeclineCode> {
        match self {
            Self::Declined(code) => Some(code),
            Self::Succeeded | Self::RequiresAction | Self::Authorized | Self::Cancelled => None,
        }
    }

    /// The status of a name and a decline code, as [`Self::as_str`] and [`Self::decline`] give them.
    pub fn parse(name: &str, decline: Option<DeclineCode>) -> Option<Self> {
        let plain = [Self::Succeeded, Self::RequiresAction, Self::Authorized, Self::Cancelled];
        plain
            .into_iter()
            .chain(decline.map(Self::Declined))
            .find(|status| status.as_str() == name && status.decline() == decline)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub key: Key,
    /// What was asked under the key.
    pub fingerprint: Fingerprint,
    pub money: Money,
    pub capture: Capture,
    pub status: ChargeStatus,
    /// Minor units that were taken.
    pub captured: i64,
    /// Whether its customer will ask for the money back as soon as it is taken.
    pub disputed: bool,
    /// The dispute, once there is one; it is about all that was taken.
    pub dispute: Option<DisputeStatus>,
    /// What its client calls it by; events name it.
    pub client_reference: Option<String>,
    /// Minor units that refunds have taken, never more than were charged.
    pub refunded: i64,
}

/// What a charge begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    pub key: Key,
    pub fingerprint: Fingerprint,
    pub client_reference: Option<String>,
    pub money: Money,
    pub capture: Capture,
    /// What its token comes to.
    pub status: ChargeStatus,
    pub disputed: bool,
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
        self.captured - self.refunded
    }

    /// The charge as it begins: a token that would succeed only sets the money aside where it is captured by hand.
    pub fn begun(beginning: Beginning) -> Self {
        let Beginning { key, fingerprint, client_reference, money, capture, status, disputed } = beginning;
        let (captured, dispute, refunded) = (0, None, 0);
        let charge =
            Self { key, fingerprint, money, capture, status, captured, disputed, dispute, client_reference, refunded };
        if status == ChargeStatus::Succeeded { charge.confirmed() } else { charge }
    }

    /// The provider's name for the charge's dispute.
    pub fn dispute_id(&self) -> String {
        format!("{DISPUTE_PREFIX}{}", self.key)
    }

    /// The key of the charge that a dispute of a name is about.
    pub fn key_of_dispute(id: &str) -> Option<Key> {
        Key::parse(id.strip_prefix(DISPUTE_PREFIX)?).ok()
    }

    /// What comes of a step; `None` where the charge is beyond it and stays as it is.
    pub fn after(&self, step: Step) -> Option<Self> {
        match (self.status, step) {
            (ChargeStatus::RequiresAction, Step::Authenticate) => Some(self.confirmed()),
            (ChargeStatus::Authorized, Step::Capture(amount)) => Some(self.taken(amount.min(self.money.amount))),
            (ChargeStatus::RequiresAction | ChargeStatus::Authorized, Step::Cancel) => {
                Some(Self { status: ChargeStatus::Cancelled, ..self.clone() })
            }
            (ChargeStatus::Succeeded, Step::Dispute(next)) => {
                let may_become = self.dispute.is_some_and(|status| status.next().contains(&next));
                may_become.then(|| Self { dispute: Some(next), ..self.clone() })
            }
            _ => None,
        }
    }

    fn confirmed(&self) -> Self {
        match self.capture {
            Capture::Automatic => self.taken(self.money.amount),
            Capture::Manual => Self { status: ChargeStatus::Authorized, ..self.clone() },
        }
    }

    fn taken(&self, amount: Amount) -> Self {
        let dispute = self.disputed.then_some(DisputeStatus::NeedsResponse);
        Self { status: ChargeStatus::Succeeded, captured: amount.get(), dispute, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_back() {
        let declines = DeclineCode::ALL.map(ChargeStatus::Declined);
        let plain =
            [ChargeStatus::Succeeded, ChargeStatus::RequiresAction, ChargeStatus::Authorized, ChargeStatus::Cancelled];
        for status in plain.iter().chain(&declines) {
            assert_eq!(ChargeStatus::parse(status.as_str(), status.decline()), Some(*status));
        }
        assert_eq!(ChargeStatus::parse("declined", None), None);
        assert_eq!(ChargeStatus::parse("succeeded", Some(DeclineCode::Other)), None);
        assert_eq!(ChargeStatus::parse("lost", None), None);
    }
}
