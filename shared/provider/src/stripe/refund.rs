//! Stripe's refunds (<https://docs.stripe.com/api/refunds/object>).

use std::collections::BTreeMap;

use domain::payment::DeclineCode;
use domain::refund::RefundVerdict;
use ports::provider::ProviderError;
use serde::Deserialize;

use super::answer::{Failure, failure, read, refused};
use crate::exchange::Answer;

#[derive(Deserialize)]
pub(super) struct Refund {
    pub id: String,
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// The answer to a refund made, or made again under its key.
pub(super) fn refund(answer: &Answer) -> Result<RefundVerdict, ProviderError> {
    match answer.status {
        402 => Ok(RefundVerdict::Refused { code: failure(answer).map_or(DeclineCode::Other, |it| it.decline()) }),
        400 if failure(answer).is_some_and(|failure| is_final(&failure)) => {
            Ok(RefundVerdict::Refused { code: DeclineCode::Other })
        }
        200..=299 => verdict(&read(answer)?),
        _ => Err(refused(answer)),
    }
}

/// The charge has not that much left, or none that may be taken: it went back, or a dispute has it.
fn is_final(failure: &Failure) -> bool {
    matches!(failure.code(), Some("charge_already_refunded" | "charge_disputed")) || failure.param() == Some("amount")
}

/// The intent that was named is unknown, so nothing of it was refunded.
pub(super) fn is_of_no_intent(answer: &Answer) -> bool {
    let failure = if matches!(answer.status, 400 | 404) { failure(answer) } else { None };
    failure.is_some_and(|failure| failure.code() == Some("resource_missing"))
}

pub(super) fn verdict(refund: &Refund) -> Result<RefundVerdict, ProviderError> {
    let reference = refund.id.clone();
    match refund.status.as_deref() {
        Some("succeeded") => Ok(RefundVerdict::Succeeded { reference }),
        Some("failed" | "canceled") => Ok(RefundVerdict::Refused { code: reason(refund.failure_reason.as_deref()) }),
        // The bank, or the merchant's balance at Stripe, takes its time.
        Some("pending" | "requires_action") => Ok(RefundVerdict::Pending { reference }),
        _ => Err(ProviderError::TimedOut),
    }
}

fn reason(theirs: Option<&str>) -> DeclineCode {
    match theirs {
        Some("lost_or_stolen_card") => DeclineCode::LostOrStolen,
        Some("expired_or_canceled_card") => DeclineCode::ExpiredCard,
        _ => DeclineCode::Other,
    }
}
