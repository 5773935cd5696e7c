//! Stripe's disputes (<https://docs.stripe.com/api/disputes/object>).

use domain::dispute::{DisputeReason, DisputeReport, DisputeStatus};
use domain::time::Timestamp;
use ports::provider::ProviderError;
use serde::Deserialize;

use super::amount;

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub id: String,
    amount: i64,
    currency: String,
    reason: String,
    status: String,
    evidence_details: Option<EvidenceDetails>,
}

#[derive(Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

/// A dispute that cannot be read is asked after again: passing over it would hide money that is gone.
pub(super) fn report(dispute: Dispute) -> Result<DisputeReport, ProviderError> {
    let Dispute { id, amount, currency, reason, status, evidence_details } = dispute;
    let due_by = evidence_details.and_then(|details| details.due_by);
    Ok(DisputeReport {
        reference: id,
        money: amount::from_stripe(amount, &currency).ok_or(ProviderError::TimedOut)?,
        reason: self::reason(&reason),
        status: self::status(&status).ok_or(ProviderError::TimedOut)?,
        respond_by: due_by.map(|seconds| Timestamp::from_ms(seconds.saturating_mul(1_000))),
    })
}

/// An inquiry (`warning_*`) takes no money yet and is answered like a dispute; one that closes has cost nothing. `prevented`
/// is one that the network settled with the customer before it was opened: the money is theirs.
fn status(theirs: &str) -> Option<DisputeStatus> {
    match theirs {
        "warning_needs_response" | "needs_response" => Some(DisputeStatus::NeedsResponse),
        "warning_under_review" | "under_review" => Some(DisputeStatus::UnderReview),
        "warning_closed" | "won" => Some(DisputeStatus::Won),
        "prevented" | "lost" => Some(DisputeStatus::Lost),
        _ => None,
    }
}

fn reason(theirs: &str) -> DisputeReason {
    match theirs {
        "subscription_canceled" => DisputeReason::SubscriptionCancelled,
        _ => DisputeReason::parse(theirs).unwrap_or(DisputeReason::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: &str, reason: &str, number: i64) -> Result<DisputeReport, ProviderError> {
        let text = format!(
            r#"{{"id":"dp_1","amount":{number},"currency":"isk","reason":"{reason}","status":"{status}",
                "evidence_details":{{"due_by":1700000000,"has_evidence":false}}}}"#
        );
        report(serde_json::from_str(&text).expect("a dispute"))
    }

    #[test]
    fn every_status() {
        for (theirs, ours) in [
            ("warning_needs_response", DisputeStatus::NeedsResponse),
            ("needs_response", DisputeStatus::NeedsResponse),
            ("warning_under_review", DisputeStatus::UnderReview),
            ("under_review", DisputeStatus::UnderReview),
            ("warning_closed", DisputeStatus::Won),
            ("won", DisputeStatus::Won),
            ("prevented", DisputeStatus::Lost),
            ("lost", DisputeStatus::Lost),
        ] {
            assert_eq!(told(theirs, "general", 500).expect("known").status, ours, "{theirs}");
        }
        for (status, number) in [("a_status_of_tomorrow", 500), ("lost", 501)] {
            assert!(matches!(told(status, "general", number), Err(ProviderError::TimedOut)), "{status} {number}");
        }
    }

    #[test]
    fn every_reason() {
        for ours in DisputeReason::ALL.into_iter().filter(|reason| *reason != DisputeReason::SubscriptionCancelled) {
            assert_eq!(told("won", ours.as_str(), 500).expect("known").reason, ours);
        }
        for (theirs, ours) in [
            ("subscription_canceled", DisputeReason::SubscriptionCancelled),
            ("general", DisputeReason::Other),
            ("bank_cannot_process", DisputeReason::Other),
            ("a_reason_of_tomorrow", DisputeReason::Other),
        ] {
            assert_eq!(told("won", theirs, 500).expect("known").reason, ours, "{theirs}");
        }
    }

    #[test]
    fn the_amount_and_the_moment_are_in_our_units() {
        let report = told("needs_response", "fraudulent", 500).expect("known");
        assert_eq!((report.money.amount.get(), report.money.currency.code()), (5, "ISK"));
        assert_eq!(report.respond_by, Some(Timestamp::from_ms(1_700_000_000_000)));
    }
}
