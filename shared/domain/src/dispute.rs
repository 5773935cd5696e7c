//! A dispute: a customer has asked their bank for the money of a payment back. `needs_response → under_review → won | lost`;
//! the bank may decide at any time, and what it decides is final.

use std::time::Duration;

use crate::backoff;
use crate::ids::{DisputeId, PaymentId, TenantId};
use crate::money::Money;
use crate::payment::CHECK_AFTER;
use crate::text::Evidence;
use crate::time::Timestamp;

/// How often an open dispute is asked after, should the provider's own word be lost.
pub const ASK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeStatus {
    pub const ALL: [Self; 4] = [Self::NeedsResponse, Self::UnderReview, Self::Won, Self::Lost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The states that a provider's word, or the merchant's answer, may bring after this one.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::NeedsResponse => &[Self::UnderReview, Self::Won, Self::Lost],
            Self::UnderReview => &[Self::Won, Self::Lost],
            Self::Won | Self::Lost => &[],
        }
    }

    pub fn is_open(self) -> bool {
        !self.next().is_empty()
    }
}

/// Why the customer wants the money back, as their bank names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeReason {
    Duplicate,
    Fraudulent,
    ProductNotReceived,
    ProductUnacceptable,
    CreditNotProcessed,
    SubscriptionCancelled,
    Unrecognized,
    /// A reason of the provider that this version does not know.
    Other,
}

impl DisputeReason {
    pub const ALL: [Self; 8] = [
        Self::Duplicate,
        Self::Fraudulent,
        Self::ProductNotReceived,
        Self::ProductUnacceptable,
        Self::CreditNotProcessed,
        Self::SubscriptionCancelled,
        Self::Unrecognized,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::ProductNotReceived => "product_not_received",
            Self::ProductUnacceptable => "product_unacceptable",
            Self::CreditNotProcessed => "credit_not_processed",
            Self::SubscriptionCancelled => "subscription_cancelled",
            Self::Unrecognized => "unrecognized",
            Self::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// What the provider says of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeReport {
    /// The provider's name for it.
    pub reference: String,
    pub money: Money,
    pub reason: DisputeReason,
    pub status: DisputeStatus,
    pub respond_by: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub id: DisputeId,
    pub tenant: TenantId,
    pub payment: PaymentId,
    pub money: Money,
    pub reason: DisputeReason,
    pub status: DisputeStatus,
    pub respond_by: Option<Timestamp>,
    /// The merchant's answer.
    pub evidence: Option<Evidence>,
    /// Whether the provider has it.
    pub evidence_sent: bool,
    pub provider_reference: String,
    /// When the sweeper is to look at it; none once it is decided.
    pub check_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisputeRefusal {
    #[error("the dispute is {}; from there it may become: {}", current.as_str(), names(allowed))]
    IllegalMove { current: DisputeStatus, allowed: &'static [DisputeStatus] },
}

fn names(statuses: &[DisputeStatus]) -> String {
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    if names.is_empty() { "nothing else".to_owned() } else { names.join(", ") }
}

impl Dispute {
    /// Opens, whatever the report says of its end: that is the next step.
    pub fn open(id: DisputeId, tenant: TenantId, payment: PaymentId, report: &DisputeReport, now: Timestamp) -> Self {
        let DisputeReport { reference, money, reason, status: _, respond_by } = report.clone();
        Self {
            id,
            tenant,
            payment,
            money,
            reason,
            status: DisputeStatus::NeedsResponse,
            respond_by,
            evidence: None,
            evidence_sent: false,
            provider_reference: reference,
            check_at: Some(now.plus(ASK_EVERY)),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The merchant answers, once; a worker hands it on.
    pub fn answer(&self, evidence: Evidence, now: Timestamp) -> Result<Self, DisputeRefusal> {
        if self.status != DisputeStatus::NeedsResponse {
            return Err(self.illegal_move());
        }
        Ok(self.changed(now, |dispute| {
            dispute.status = DisputeStatus::UnderReview;
            dispute.evidence = Some(evidence);
            dispute.check_at = Some(now.plus(CHECK_AFTER));
        }))
    }

    /// The answer that the provider still has to be given.
    pub fn to_send(&self) -> Option<&Evidence> {
        self.evidence.as_ref().filter(|_| self.status.is_open() && !self.evidence_sent)
    }

    /// The provider takes no such answer: it never was under review there, waits for another, and the merchant may give one.
    pub fn answer_refused(&self, now: Timestamp) -> Self {
        self.changed(now, |dispute| {
            dispute.status = DisputeStatus::NeedsResponse;
            dispute.evidence = None;
            dispute.check_at = Some(now.plus(ASK_EVERY));
        })
    }

    pub fn sent(&self, now: Timestamp) -> Self {
        self.changed(now, |dispute| {
            dispute.evidence_sent = true;
            dispute.check_at = Some(now.plus(ASK_EVERY));
        })
    }

    /// Takes the provider's word. `None` where it tells nothing new: reports may come late and in any order, so one of an
    /// earlier state is passed over.
    pub fn hear(&self, report: &DisputeReport, now: Timestamp) -> Option<Self> {
        self.status.next().contains(&report.status).then(|| {
            self.changed(now, |dispute| {
                dispute.status = report.status;
                dispute.check_at = report.status.is_open().then(|| now.plus(ASK_EVERY));
            })
        })
    }

    /// It was asked after and nothing was new.
    pub fn asked(&self, now: Timestamp) -> Self {
        self.changed(now, |dispute| dispute.check_at = Some(now.plus(ASK_EVERY)))
    }

    /// The provider could not be asked, or told.
    pub fn asked_in_vain(&self, now: Timestamp) -> Self {
        self.changed(now, |dispute| dispute.check_at = Some(backoff::asked_in_vain(dispute.created_at, now)))
    }

    fn illegal_move(&self) -> DisputeRefusal {
        DisputeRefusal::IllegalMove { current: self.status, allowed: self.status.next() }
    }

    fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Self)) -> Self {
        let mut dispute = self.clone();
        change(&mut dispute);
        dispute.updated_at = now.max(self.updated_at);
        dispute.version += 1;
        dispute
    }
}

#[cfg(test)]
#[path = "dispute_tests.rs"]
mod tests;
