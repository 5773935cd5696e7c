//! A payment: one try to move a customer's money to the merchant, as a closed state machine. Refunds move money back and
//! are seen here as amounts. Whether the provider's answer is known is kept beside the status: clients see `processing`.

mod asking;
mod decline;
mod route;
mod waiting;

use std::time::Duration;

use crate::ids::{DisputeId, OrderId, PaymentId, TenantId, WalletId};
use crate::metadata::Metadata;
use crate::money::{Amount, Money};
use crate::secret::Secret;
use crate::text::Description;
use crate::time::Timestamp;

pub use decline::DeclineCode;
pub use route::Route;

/// How long after its creation or its last try a payment is left to its queue before the sweeper asks after it.
pub const CHECK_AFTER: Duration = Duration::from_secs(60);
/// How long a customer has to authenticate a payment before it is given up.
pub const ACTION_EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an authorised payment may wait to be captured: what most card networks grant.
pub const CAPTURE_WITHIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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
            Self::Processing => {
                &[Self::RequiresAction, Self::RequiresCapture, Self::Succeeded, Self::Failed, Self::Cancelled]
            }
            Self::RequiresAction => {
                &[Self::Processing, Self::RequiresCapture, Self::Succeeded, Self::Failed, Self::Cancelled]
            }
            Self::RequiresCapture => &[Self::Processing, Self::Succeeded, Self::Cancelled],
            Self::Succeeded => &[Self::PartiallyRefunded, Self::Refunded],
            Self::PartiallyRefunded => &[Self::Refunded],
            Self::Refunded | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Whether the provider's word can still change it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Processing | Self::RequiresAction | Self::RequiresCapture)
    }
}

/// When the money is taken: with the charge, or when the merchant says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capture {
    Automatic,
    Manual,
}

impl Capture {
    pub const ALL: [Self; 2] = [Self::Automatic, Self::Manual];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capture| capture.as_str() == text)
    }
}

/// What a payment that is processing waits for the provider to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    Charge,
    Capture(Amount),
    Cancel,
}

/// What the money comes from. The token stands for a card at the provider: card numbers never reach Coffer. A wallet is
/// of the payment's currency, and no provider takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    Card { token: Secret },
    Wallet { wallet: WalletId },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub tenant: TenantId,
    pub order: Option<OrderId>,
    pub money: Money,
    pub method: Method,
    /// The wallet that gets the money instead of the merchant.
    pub top_up: Option<WalletId>,
    pub capture: Capture,
    pub description: Option<Description>,
    pub metadata: Metadata,
    pub status: PaymentStatus,
    /// What the provider is to do, while the payment is processing.
    pub asked: Asked,
    /// Until when an authorised payment may be captured.
    pub capture_before: Option<Timestamp>,
    pub failure: Option<DeclineCode>,
    pub captured: i64,
    pub refunded: i64,
    /// Minor units reserved by refunds that are not settled yet.
    pub refunds_pending: i64,
    /// What of the captured amount is the operator's, by the terms of when it was captured.
    pub fee: i64,
    /// Minor units that disputes, open or lost, have taken away.
    pub disputed: i64,
    /// The disputes it has had, by the provider's names for them.
    pub disputes: Vec<(String, DisputeId)>,
    pub route: Route,
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
    pub top_up: Option<WalletId>,
    pub capture: Capture,
    pub description: Option<Description>,
    pub metadata: Metadata,
}

/// What the provider says that a charge has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The money was taken; less than was authorised when only part of it was captured.
    Succeeded {
        reference: String,
        captured: Amount,
    },
    RequiresAction {
        reference: String,
    },
    /// The bank has set the amount aside; nothing is taken yet.
    Authorized {
        reference: String,
    },
    Declined {
        code: DeclineCode,
    },
    /// It was given up before any money was taken.
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    #[error("the payment is {}; from there it may become: {}", current.as_str(), names(allowed))]
    IllegalMove { current: PaymentStatus, allowed: &'static [PaymentStatus] },
    #[error("a payment that is {} has nothing to refund", current.as_str())]
    NotRefundable { current: PaymentStatus },
    #[error("{refundable} minor units of the payment are left to refund")]
    AmountExceedsRefundable { refundable: i64 },
    #[error("the payment is {}; a receipt is of one that has succeeded", current.as_str())]
    NoReceipt { current: PaymentStatus },
    #[error("{capturable} minor units were authorised and may be captured")]
    AmountExceedsCapturable { capturable: i64 },
}

fn names(statuses: &[PaymentStatus]) -> String {
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    if names.is_empty() { "nothing else".to_owned() } else { names.join(", ") }
}

impl Payment {
    pub fn new(id: PaymentId, tenant: TenantId, input: NewPayment, now: Timestamp) -> Self {
        let NewPayment { order, money, method, top_up, capture, description, metadata } = input;
        Self {
            id,
            tenant,
            order,
            money,
            method,
            top_up,
            capture,
            description,
            metadata,
            status: PaymentStatus::Processing,
            asked: Asked::Charge,
            capture_before: None,
            failure: None,
            captured: 0,
            refunded: 0,
            refunds_pending: 0,
            fee: 0,
            disputed: 0,
            disputes: Vec::new(),
            route: Route::Unclaimed,
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

    /// The payment that a key of [`Self::provider_key`] belongs to.
    pub fn of_provider_key(key: &str) -> Option<PaymentId> {
        let (payment, attempt) = key.rsplit_once('-')?;
        attempt.parse::<u32>().ok().and(payment.parse().ok())
    }

    /// Takes the provider's word, if this state still waits for one. Hearing again what is known, or that what was asked is
    /// still to be done, changes nothing but when to ask next.
    pub fn conclude(&self, verdict: &Verdict, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !self.status.is_open() {
            return Err(self.illegal_move());
        }
        Ok(self.changed(now, |payment| {
            payment.unknown_since = None;
            match verdict {
                Verdict::Succeeded { reference, captured } => {
                    payment.end(PaymentStatus::Succeeded, None);
                    payment.captured = captured.get();
                    payment.provider_reference = Some(reference.clone());
                }
                Verdict::RequiresAction { reference } => {
                    payment.provider_reference = Some(reference.clone());
                    if payment.status != PaymentStatus::RequiresCapture {
                        payment.check_at = Some(now.plus(CHECK_AFTER));
                    }
                    if payment.status == PaymentStatus::Processing && payment.asked == Asked::Charge {
                        payment.status = PaymentStatus::RequiresAction;
                    }
                }
                Verdict::Authorized { reference } => {
                    payment.provider_reference = Some(reference.clone());
                    let capture_before = payment.capture_before.unwrap_or_else(|| now.plus(CAPTURE_WITHIN));
                    payment.capture_before = Some(capture_before);
                    payment.check_at = Some(now.plus(CHECK_AFTER));
                    if payment.asked == Asked::Charge {
                        payment.status = PaymentStatus::RequiresCapture;
                        payment.check_at = Some(capture_before);
                    }
                }
                Verdict::Declined { code } if payment.status == PaymentStatus::RequiresCapture => {
                    payment.end(PaymentStatus::Cancelled, Some(*code));
                }
                Verdict::Declined { code } => payment.end(PaymentStatus::Failed, Some(*code)),
                Verdict::Cancelled => payment.given_up(),
            }
        }))
    }

    /// Whether the verdict says that what was asked is still to be done: the provider has not captured or cancelled yet.
    pub fn is_still_to_do(&self, verdict: &Verdict) -> bool {
        let waits = matches!(verdict, Verdict::RequiresAction { .. } | Verdict::Authorized { .. });
        self.status == PaymentStatus::Processing && self.asked != Asked::Charge && waits
    }

    /// Whether the verdict tells nothing that this payment does not say already.
    pub fn is_known(&self, verdict: &Verdict) -> bool {
        matches!((self.status, verdict), (PaymentStatus::RequiresCapture, Verdict::Authorized { .. }))
    }

    /// What came of a charge that ended without money: the customer's delay, the merchant's wish, or a hold that ran out.
    fn given_up(&mut self) {
        match (self.status, self.asked, self.capture_before) {
            (PaymentStatus::Processing, Asked::Cancel, _) => self.end(PaymentStatus::Cancelled, None),
            (_, _, Some(_)) => self.end(PaymentStatus::Cancelled, Some(DeclineCode::AuthorizationExpired)),
            (_, _, None) => self.end(PaymentStatus::Failed, Some(DeclineCode::AuthenticationExpired)),
        }
    }

    fn end(&mut self, status: PaymentStatus, failure: Option<DeclineCode>) {
        self.status = status;
        self.failure = failure;
        self.check_at = None;
    }

    fn illegal_move(&self) -> PaymentRefusal {
        PaymentRefusal::IllegalMove { current: self.status, allowed: self.status.next() }
    }

    /// The provider's answer never came: it may have charged. The sweeper asks; nobody charges under another key.
    pub fn outcome_unknown(&self, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !self.status.is_open() {
            return Err(self.illegal_move());
        }
        Ok(self.changed(now, |payment| {
            payment.unknown_since = payment.unknown_since.or(Some(now));
            payment.check_at = Some(now);
        }))
    }

    /// What a new refund may take: captured less refunded, less reserved by refunds under way, less disputed. Below zero
    /// where more was disputed than refunds had left.
    pub fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.refunds_pending - self.disputed
    }

    /// Ours for the provider's name of a dispute.
    pub fn dispute_named(&self, reference: &str) -> Option<DisputeId> {
        self.disputes.iter().find(|(known, _)| known == reference).map(|(_, id)| *id)
    }

    /// The customer has asked their bank for the money back, and the bank has taken it.
    pub fn dispute_opened(&self, reference: &str, id: DisputeId, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            payment.disputed += amount.get();
            payment.disputes.push((reference.to_owned(), id));
        })
    }

    /// The bank gave it back.
    pub fn dispute_won(&self, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |payment| payment.disputed -= amount.get())
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
