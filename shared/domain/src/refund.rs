//! A refund: money of one payment on its way back. `processing → succeeded | failed`.

use std::time::Duration;

use crate::backoff;
use crate::ids::{OrderId, PaymentId, RefundId, TenantId};
use crate::metadata::Metadata;
use crate::money::Money;
use crate::payment::{CHECK_AFTER, DeclineCode};
use crate::text::Reason;
use crate::time::Timestamp;

/// How often a refund that the provider has taken on is asked after: a bank may take days.
pub const ASK_EVERY: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefundStatus {
    Processing,
    Succeeded,
    Failed,
}

impl RefundStatus {
    pub const ALL: [Self; 3] = [Self::Processing, Self::Succeeded, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub tenant: TenantId,
    pub payment: PaymentId,
    pub order: Option<OrderId>,
    pub money: Money,
    pub reason: Option<Reason>,
    pub metadata: Metadata,
    pub status: RefundStatus,
    pub failure: Option<DeclineCode>,
    pub provider_reference: Option<String>,
    /// When the sweeper is to ask after it; none once it is final.
    pub check_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// What the provider said of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundVerdict {
    Succeeded {
        reference: String,
    },
    /// The money is on its way and nothing is decided.
    Pending {
        reference: String,
    },
    Refused {
        code: DeclineCode,
    },
}

/// The refund is final already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the refund is {}; it is final", current.as_str())]
pub struct RefundIsFinal {
    pub current: RefundStatus,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    pub payment: PaymentId,
    pub order: Option<OrderId>,
    pub money: Money,
    pub reason: Option<Reason>,
    pub metadata: Metadata,
}

impl Refund {
    pub fn new(id: RefundId, tenant: TenantId, input: NewRefund, now: Timestamp) -> Self {
        let NewRefund { payment, order, money, reason, metadata } = input;
        Self {
            id,
            tenant,
            payment,
            order,
            money,
            reason,
            metadata,
            status: RefundStatus::Processing,
            failure: None,
            provider_reference: None,
            check_at: Some(now.plus(CHECK_AFTER)),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What the provider deduplicates by: a refund is tried under one key until its outcome is known.
    pub fn provider_key(&self) -> String {
        format!("{}-1", self.id)
    }

    /// As [`crate::payment::Payment::asked_in_vain`].
    pub fn asked_in_vain(&self, now: Timestamp) -> Self {
        let check_at = Some(backoff::asked_in_vain(self.created_at, now));
        Self { check_at, updated_at: now.max(self.updated_at), version: self.version + 1, ..self.clone() }
    }

    pub fn conclude(&self, verdict: &RefundVerdict, now: Timestamp) -> Result<Self, RefundIsFinal> {
        if self.status != RefundStatus::Processing {
            return Err(RefundIsFinal { current: self.status });
        }
        let mut refund = self.clone();
        refund.check_at = None;
        match verdict {
            RefundVerdict::Pending { reference } => {
                refund.provider_reference = Some(reference.clone());
                refund.check_at = Some(now.plus(ASK_EVERY));
            }
            RefundVerdict::Succeeded { reference } => {
                refund.status = RefundStatus::Succeeded;
                refund.provider_reference = Some(reference.clone());
            }
            RefundVerdict::Refused { code } => {
                refund.status = RefundStatus::Failed;
                refund.failure = Some(*code);
            }
        }
        refund.updated_at = now.max(self.updated_at);
        refund.version += 1;
        Ok(refund)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Amount, Currency};

    fn a_refund(now: Timestamp) -> Refund {
        let money = Money { amount: Amount::new(10).expect("valid"), currency: Currency::parse("EUR").expect("valid") };
        let (payment, metadata) = (PaymentId::from_u128(1), Metadata::default());
        let input = NewRefund { payment, order: None, money, reason: None, metadata };
        Refund::new(RefundId::from_u128(1), TenantId::from_u128(1), input, now)
    }

    #[test]
    fn a_refund_on_its_way_is_asked_after_and_then_ends() {
        let now = Timestamp::from_ms(5);
        let taken_on =
            a_refund(now).conclude(&RefundVerdict::Pending { reference: "re_1".into() }, now).expect("processing");
        assert_eq!((taken_on.status, taken_on.check_at), (RefundStatus::Processing, Some(now.plus(ASK_EVERY))));
        let done = taken_on.conclude(&RefundVerdict::Succeeded { reference: "re_1".into() }, now).expect("processing");
        assert_eq!((done.status, done.check_at, done.version), (RefundStatus::Succeeded, None, 3));
    }

    #[test]
    fn a_final_refund_takes_no_second_verdict() {
        let now = Timestamp::from_ms(5);
        let refund = a_refund(now);
        let succeeded = RefundVerdict::Succeeded { reference: "re_1".into() };
        let refused = RefundVerdict::Refused { code: DeclineCode::Other };
        for (first, status) in [(&succeeded, RefundStatus::Succeeded), (&refused, RefundStatus::Failed)] {
            let done = refund.conclude(first, now).expect("processing");
            assert_eq!((done.status, done.check_at, done.version), (status, None, 2));
            for second in [&succeeded, &refused] {
                assert_eq!(done.conclude(second, now), Err(RefundIsFinal { current: status }));
            }
        }
    }
}
