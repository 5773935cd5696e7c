//! Misunderstandings with the payment provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use coffer_simulation::Wiring;
use domain::dispute::DisputeReport;
use domain::money::{Amount, Money};
use domain::payment::{DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};

use super::Mutation;

struct Misunderstood {
    next: Arc<dyn PaymentProvider>,
    bug: Bug,
    calls: AtomicU64,
}

#[derive(Clone, Copy, PartialEq)]
enum Bug {
    NewKeyForEachCharge,
    TimeOutIsDecline,
    OutageIsDecline,
    DeclineIsSuccess,
    WaitingIsSuccess,
    WrongName,
    CancelledUnasked,
    RefundedTwice,
    NewKeyForEachRefund,
    RefusalIsSuccess,
    RefundTimeOutIsRefusal,
    CaptureTakesMore,
    EachDisputeIsNew,
}

fn one() -> Amount {
    Amount::new(1).expect("an amount")
}

const DECLINED: Verdict = Verdict::Declined { code: DeclineCode::Other };

impl Misunderstood {
    fn numbered(&self, key: &str) -> String {
        format!("{key}{}", self.calls.fetch_add(1, Ordering::Relaxed))
    }

    /// One minor unit more than was taken.
    fn one_more(captured: Amount) -> Amount {
        captured.plus(one()).expect("an amount")
    }

    fn misread(&self, verdict: Verdict) -> Verdict {
        match (self.bug, verdict) {
            (Bug::DeclineIsSuccess, Verdict::Declined { .. }) => {
                Verdict::Succeeded { reference: "ch_none".to_owned(), captured: one() }
            }
            (Bug::WaitingIsSuccess, Verdict::RequiresAction { reference }) => {
                Verdict::Succeeded { reference, captured: one() }
            }
            (Bug::WrongName, Verdict::Succeeded { reference, captured }) => {
                Verdict::Succeeded { reference: reference + "0", captured }
            }
            (_, verdict) => verdict,
        }
    }
}

#[async_trait]
impl PaymentProvider for Misunderstood {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        let mut charge = charge.clone();
        if self.bug == Bug::NewKeyForEachCharge {
            charge.key = self.numbered(&charge.key);
        }
        match self.next.charge(&charge).await {
            Err(ProviderError::TimedOut) if self.bug == Bug::TimeOutIsDecline => Ok(DECLINED),
            Err(ProviderError::Unavailable(_)) if self.bug == Bug::OutageIsDecline => Ok(DECLINED),
            result => Ok(self.misread(result?)),
        }
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        Ok(self.next.find_charge(charge).await?.map(|verdict| self.misread(verdict)))
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        match self.bug {
            Bug::CaptureTakesMore => self.next.capture_charge(charge, money).await.map(|verdict| match verdict {
                Verdict::Succeeded { reference, captured } => {
                    Verdict::Succeeded { reference, captured: Self::one_more(captured) }
                }
                other => other,
            }),
            _ => self.next.capture_charge(charge, money).await,
        }
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        if self.bug == Bug::CancelledUnasked { Ok(Verdict::Cancelled) } else { self.next.cancel_charge(charge).await }
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        let mut reports = self.next.find_disputes(charge).await?;
        if self.bug == Bug::EachDisputeIsNew {
            reports.iter_mut().for_each(|report| report.reference = self.numbered(&report.reference));
        }
        Ok(reports)
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        self.next.answer_dispute(reference, evidence).await
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        let mut refund = refund.clone();
        if self.bug == Bug::NewKeyForEachRefund {
            refund.key = self.numbered(&refund.key);
        }
        if self.bug == Bug::RefundedTwice {
            let again = RefundCharge { key: format!("{}-again", refund.key), ..refund.clone() };
            self.next.refund(&again).await?;
        }
        match (self.bug, self.next.refund(&refund).await) {
            (Bug::RefusalIsSuccess, Ok(RefundVerdict::Refused { .. })) => {
                Ok(RefundVerdict::Succeeded { reference: "re_none".to_owned() })
            }
            (Bug::RefundTimeOutIsRefusal, Err(ProviderError::TimedOut)) => {
                Ok(RefundVerdict::Refused { code: DeclineCode::Other })
            }
            (_, result) => result,
        }
    }

    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        self.next.find_refund(refund).await
    }
}

fn misunderstood(wiring: Wiring, bug: Bug) -> Wiring {
    let next = wiring.provider.clone();
    Wiring { provider: Arc::new(Misunderstood { next, bug, calls: AtomicU64::new(0) }), ..wiring }
}

pub const ALL: &[Mutation] = &[
    Mutation {
        name: "a capture is taken for one unit more than it took",
        rewire: |wiring| misunderstood(wiring, Bug::CaptureTakesMore),
    },
    Mutation {
        name: "a dispute that is told of again is taken for another",
        rewire: |wiring| misunderstood(wiring, Bug::EachDisputeIsNew),
    },
    Mutation {
        name: "every call to charge has a new key",
        rewire: |wiring| misunderstood(wiring, Bug::NewKeyForEachCharge),
    },
    Mutation {
        name: "a charge without an answer is taken for a decline",
        rewire: |wiring| misunderstood(wiring, Bug::TimeOutIsDecline),
    },
    Mutation {
        name: "a provider that is down is taken for a decline",
        rewire: |wiring| misunderstood(wiring, Bug::OutageIsDecline),
    },
    Mutation { name: "a decline is taken for success", rewire: |wiring| misunderstood(wiring, Bug::DeclineIsSuccess) },
    Mutation {
        name: "a charge that waits for its customer is taken for success",
        rewire: |wiring| misunderstood(wiring, Bug::WaitingIsSuccess),
    },
    Mutation {
        name: "the charge's name is written down wrongly",
        rewire: |wiring| misunderstood(wiring, Bug::WrongName),
    },
    Mutation {
        name: "a charge is given up without a word to the provider",
        rewire: |wiring| misunderstood(wiring, Bug::CancelledUnasked),
    },
    Mutation {
        name: "a refund is sent twice under two keys",
        rewire: |wiring| misunderstood(wiring, Bug::RefundedTwice),
    },
    Mutation {
        name: "every call to refund has a new key",
        rewire: |wiring| misunderstood(wiring, Bug::NewKeyForEachRefund),
    },
    Mutation {
        name: "a refused refund is taken for success",
        rewire: |wiring| misunderstood(wiring, Bug::RefusalIsSuccess),
    },
    Mutation {
        name: "a refund without an answer is taken for refused",
        rewire: |wiring| misunderstood(wiring, Bug::RefundTimeOutIsRefusal),
    },
];
