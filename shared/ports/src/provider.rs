//! The payment provider: moves real money, over a network, and deduplicates by the key it is given.

use async_trait::async_trait;
use domain::connection::ProviderName;
use domain::dispute::DisputeReport;
use domain::ids::{PaymentId, TenantId};
use domain::money::Money;
use domain::payment::{Capture, DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use domain::secret::Secret;
use domain::text::Evidence;
use domain::time::Timestamp;

/// `key` is made of the payment and the try: the same key never charges twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub key: String,
    /// Whose charge it is: what the provider tells of it later names the tenant.
    pub tenant: TenantId,
    pub money: Money,
    pub token: Secret,
    pub capture: Capture,
}

/// How a charge is asked after: by the key it was made with, and by the provider's name for it where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeName {
    pub key: String,
    pub reference: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundCharge {
    pub key: String,
    /// The provider's name for the charge.
    pub charge: String,
    pub money: Money,
}

#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached: nothing was sent, and so nothing has happened.
    #[error("the provider cannot be reached")]
    NotSent(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// It says that it is not able to; the same call may be made again.
    #[error("the provider is unavailable")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// No answer within the time: the money may have moved. Ask with `find_*` before anything else.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// It does not take our key: it has looked at nothing else, and so nothing has happened.
    #[error("{} does not take the key", .0.as_str())]
    KeyRefused(ProviderName),
    /// It will not do this, and has done nothing: what was there before stands. It may do another amount, or other words.
    #[error("the provider will not do it: {}", .0.as_str())]
    Refused(DeclineCode),
    /// It does not understand us. Making the call again gets the same.
    #[error("the provider refused the request: {0}")]
    Rejected(String),
}

#[async_trait]
pub trait PaymentProvider: Send + Sync {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError>;

    /// What the charge has come to; `None` when the provider never saw it.
    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError>;

    /// Takes `money` of an authorised charge and sets the rest free. Once: the answer is what the charge has come to, which
    /// is another capture's if one was first. [`ProviderError::Refused`] where it takes no capture of this amount.
    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError>;

    /// Gives up a charge that waits for its customer or to be captured. The answer is what the charge has come to, which may
    /// be success.
    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError>;

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError>;

    /// The disputes that a charge has had, open and ended; none where the provider does not know the charge.
    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError>;

    /// Hands the merchant's answer on. Doing it twice is doing it once. [`ProviderError::Refused`] where it takes no such
    /// answer and waits for another.
    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError>;

    /// What the refund has come to, found by its key; `None` when the provider never saw it.
    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError>;
}

/// What a provider told of its own accord. It says what to ask after, never what is so: the provider's answer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderNotice {
    /// The provider's own, the same whenever it tells this again.
    pub id: String,
    pub tenant: TenantId,
    pub payment: PaymentId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeRefusal {
    #[error("the signature is missing or not the provider's")]
    BadSignature,
    #[error("the signature is too old or from the future")]
    OutOfTime,
    #[error("the event cannot be read")]
    Malformed,
    /// The same event may be read later.
    #[error("the provider could not be asked what the event is about")]
    Unavailable,
}

/// How a provider's events are read and proved.
#[async_trait]
pub trait ProviderEvents: Send + Sync {
    /// The name of the header with the signature, in lower case.
    fn signature_header(&self) -> &'static str;

    /// `None` for an event of a kind that nothing is done about. `body` is the raw one: the signature is over its bytes. An
    /// event that does not name the payment is proved first and then asked after.
    async fn read(&self, signature: &str, body: &[u8], now: Timestamp)
    -> Result<Option<ProviderNotice>, NoticeRefusal>;
}
