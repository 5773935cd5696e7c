//! A refund as the provider keeps it: final from the start, refused ones too, so that a key always gets the same answer.

use domain::idempotency::Fingerprint;
use domain::money::Money;

use crate::{Charge, Key};

/// Why no money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundRefusal {
    ChargeNotSucceeded,
    AmountTooLarge,
}

impl RefundRefusal {
    pub const ALL: [Self; 2] = [Self::ChargeNotSucceeded, Self::AmountTooLarge];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChargeNotSucceeded => "charge_not_succeeded",
            Self::AmountTooLarge => "amount_too_large",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    Succeeded,
    Refused(RefundRefusal),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub key: Key,
    /// What was asked under the key.
    pub fingerprint: Fingerprint,
    /// The key of the charge.
    pub charge: Key,
    pub money: Money,
    pub status: RefundStatus,
}

impl Refund {
    /// The provider's name for the refund.
    pub fn id(&self) -> String {
        format!("re_{}", self.key)
    }

    /// The provider's name for the charge.
    pub fn charge_id(&self) -> String {
        Charge::id_of(&self.charge)
    }
}
