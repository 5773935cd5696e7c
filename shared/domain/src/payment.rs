//! A payment: one try to move a customer's money to the merchant, as a closed state machine. Refunds move money back and
//! are seen here as amounts. Whether the provider's answer is known is kept beside the status: clients see `processing`.

use std::time::Duration;

use crate::ids::{OrderId, PaymentId, TenantId};
use crate::metadata::Metadata;
use crate::money::{Amount, Money};
use crate::secret::Secret;
use crate::text::Description;
use crate::time::Timestamp;

/// How long after its creation or its last try a payment is left to its queue before the sweeper asks after it.
pub const CHECK_AFTER: Duration = Duration::from_secs(60);
/// How long a customer has to authenticate a payment before it is given up.
pub const ACTION_EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentStatus {
    Processing,
    RequiresAction,
    RequiresCapture,
    Succeeded,
    PartiallyRefunded,
    Refunded,
    Failed,
    Cancelled,
}

impl PaymentStatus {
    pub const ALL: [Self; 8] = [
        Self::Processing,
        Self::RequiresAction,
        Self::RequiresCapture,
        Self::Succeeded,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The states that may follow this one.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Processing => &[Self::RequiresAction, Self::RequiresCapture, Self::Succeeded, Self::Failed],
            Self::RequiresAction => &[Self::RequiresCapture, Self::Succeeded, Self::Failed, Self::Cancelled],
            Self::RequiresCapture => &[Self::Succeeded, Self::Cancelled],
            Self::Succeeded => &[Self::PartiallyRefunded, Self::Refunded],
            Self::PartiallyRefunded => &[Self::Refunded],
            Self::Refunded | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Whether the provider still owes an answer that decides the payment.
    pub fn awaits_provider(self) -> bool {
        matches!(self, Self::Processing | Self::RequiresAction)
    }
}

/// What the money comes from. The token stands for a card at the provider: card numbers never reach Coffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    Card { token: Secret },
}

/// Why a provider refused, in our words whatever the provider's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclineCode {
    InsufficientFunds,
    DoNotHonor,
    ExpiredCard,
    InvalidToken,
    AuthenticationExpired,
    /// A code of the provider that this version does not know.
    Other,
}

impl DeclineCode {
    pub const ALL: [Self; 6] = [
        Self::InsufficientFunds,
        Self::DoNotHonor,
        Self::ExpiredCard,
        Self::InvalidToken,
        Self::AuthenticationExpired,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::DoNotHonor => "do_not_honor",
            Self::ExpiredCard => "expired_card",
            Self::InvalidToken => "invalid_token",
            Self::AuthenticationExpired => "authentication_expired",
            Self::Other => "declined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// What a shop may show its customer.
    pub fn message(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The card has insufficient funds.",
            Self::DoNotHonor => "The bank that issued the card declined the payment.",
            Self::ExpiredCard => "The card has expired.",
            Self::InvalidToken => "The payment provider does not know this card.",
            Self::AuthenticationExpired => "The customer did not confirm the payment in time.",
            Self::Other => "The payment was declined.",
        }
    }

    /// Whether the same method may work later; a final decline needs another one.
    pub fn retryable(self) -> bool {
        match self {
            Self::InsufficientFunds | Self::DoNotHonor | Self::AuthenticationExpired | Self::Other => true,
            Self::ExpiredCard | Self::InvalidToken => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub tenant: TenantId,
    pub order: Option<OrderId>,
    pub money: Money,
    pub method: Method,
    pub description: Option<Description>,
    pub metadata: Metadata,
    pub status: PaymentStatus,
    pub failure: Option<DeclineCode>,
    pub captured: i64,
    pub refunded: i64,
    /// Minor units reserved by refunds that are not settled yet.
    pub refunds_pending: i64,
    /// The number of the try the provider knows this payment by; a new number is a new charge.
    pub attempt: u32,
    /// Since when the outcome of the running try is not known, because the provider's answer never came.
    pub unknown_since: Option<Timestamp>,
    pub provider_reference: Option<String>,
    /// When the sweeper is to ask after it; none once nothing is awaited.
    pub check_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    pub order: Option<OrderId>,
    pub money: Money,
    pub method: Method,
    pub description: Option<Description>,
    pub metadata: Metadata,
}

/// What the provider said of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Succeeded { reference: String },
    RequiresAction { reference: String },
    Declined { code: DeclineCode },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    #[error("the payment is {}; from there it may become: {}", current.as_str(), names(allowed))]
    IllegalMove { current: PaymentStatus, allowed: &'static [PaymentStatus] },
    #[error("a payment that is {} has nothing to refund", current.as_str())]
    NotRefundable { current: PaymentStatus },
    #[error("{refundable} minor units of the payment are left to refund")]
    AmountExceedsRefundable { refundable: i64 },
}

fn names(statuses: &[PaymentStatus]) -> String {
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    if names.is_empty() { "nothing else".to_owned() } else { names.join(", ") }
}

impl Payment {
    pub fn new(id: PaymentId, tenant: TenantId, input: NewPayment, now: Timestamp) -> Self {
        let NewPayment { order, money, method, description, metadata } = input;
        Self {
            id,
            tenant,
            order,
            money,
            method,
            description,
            metadata,
            status: PaymentStatus::Processing,
            failure: None,
            captured: 0,
            refunded: 0,
            refunds_pending: 0,
            attempt: 1,
            unknown_since: None,
            provider_reference: None,
            check_at: Some(now.plus(CHECK_AFTER)),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What the provider deduplicates by (its `Idempotency-Key`): the payment and the number of the try.
    pub fn provider_key(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }

    /// Takes the provider's word, if this state still waits for it. Hearing `requires_action` again changes nothing but
    /// when to ask next.
    pub fn conclude(&self, verdict: &Verdict, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !self.status.awaits_provider() {
            return Err(PaymentRefusal::IllegalMove { current: self.status, allowed: self.status.next() });
        }
        Ok(self.changed(now, |payment| {
            payment.unknown_since = None;
            match verdict {
                Verdict::Succeeded { reference } => {
                    payment.status = PaymentStatus::Succeeded;
                    payment.captured = payment.money.amount.get();
                    payment.provider_reference = Some(reference.clone());
                    payment.check_at = None;
                }
                Verdict::RequiresAction { reference } => {
                    payment.status = PaymentStatus::RequiresAction;
                    payment.provider_reference = Some(reference.clone());
                    payment.check_at = Some(now.plus(CHECK_AFTER));
                }
                Verdict::Declined { code } => {
                    payment.status = PaymentStatus::Failed;
                    payment.failure = Some(*code);
                    payment.check_at = None;
                }
            }
        }))
    }

    /// The provider's answer never came: it may have charged. The sweeper asks; nobody charges under another key.
    pub fn outcome_unknown(&self, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !self.status.awaits_provider() {
            return Err(PaymentRefusal::IllegalMove { current: self.status, allowed: self.status.next() });
        }
        Ok(self.changed(now, |payment| {
            payment.unknown_since = payment.unknown_since.or(Some(now));
            payment.check_at = Some(now);
        }))
    }

    /// Whether the customer's time to authenticate is over.
    pub fn action_expired(&self, now: Timestamp) -> bool {
        self.status == PaymentStatus::RequiresAction && now.since(self.created_at) >= ACTION_EXPIRES_AFTER
    }

    /// What a new refund may take: captured less refunded less reserved by refunds under way.
    pub fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.refunds_pending
    }

    /// Reserves part of the captured amount for a refund. Refusals in order of precedence.
    pub fn reserve_refund(&self, amount: Amount, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !matches!(self.status, PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded) {
            return Err(PaymentRefusal::NotRefundable { current: self.status });
        }
        if amount.get() > self.refundable() {
            return Err(PaymentRefusal::AmountExceedsRefundable { refundable: self.refundable() });
        }
        Ok(self.changed(now, |payment| payment.refunds_pending += amount.get()))
    }

    /// A reserved refund went through.
    pub fn settle_refund(&self, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            payment.refunds_pending -= amount.get();
            payment.refunded += amount.get();
            let all_went_back = payment.refunded == payment.captured;
            payment.status = if all_went_back { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded };
        })
    }

    /// A reserved refund failed: the amount may be refunded again.
    pub fn release_refund(&self, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |payment| payment.refunds_pending -= amount.get())
    }

    fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Self)) -> Self {
        let mut payment = self.clone();
        change(&mut payment);
        payment.updated_at = now.max(self.updated_at);
        payment.version += 1;
        payment
    }
}

#[cfg(test)]
#[path = "payment_tests.rs"]
mod tests;
