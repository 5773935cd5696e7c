//! A payment provider with the sandbox's tokens. It deduplicates by key, keeps every charge and refund, and never gives back
//! more than was charged. `charge` with a known key repeats its first verdict; `find_charge` tells what became of it since.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::connection::ProviderName;
use domain::dispute::{DisputeReason, DisputeReport, DisputeStatus};
use domain::ids::PaymentId;
use domain::money::{Currency, Money};
use domain::payment::{Capture, DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};

use crate::faults::Faults;
use crate::lock::Lock;

/// How often `tok_flaky` fails before it succeeds.
const FLAKY_FAILURES: u32 = 2;

#[derive(Debug, Default)]
pub struct Provider {
    faults: Faults,
    books: Lock<Books>,
    is_away: AtomicBool,
    refuses_keys: AtomicBool,
}

#[derive(Debug, Default)]
struct Books {
    charges: BTreeMap<String, ChargeOnFile>,
    refunds: BTreeMap<String, RefundOnFile>,
    flaky_failures: BTreeMap<String, u32>,
    numbers: u64,
    /// Keys of charges of which something has changed since somebody looked.
    moved: Vec<String>,
}

/// A charge as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeOnFile {
    pub charge: Charge,
    pub first_verdict: Verdict,
    /// What became of it: success is money moved.
    pub verdict: Verdict,
    pub dispute: Option<DisputeReport>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOnFile {
    pub refund: RefundCharge,
    pub verdict: RefundVerdict,
}

impl Provider {
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// While it is, no request gets to it.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// While it does, it does nothing that is asked with the key that there is, as when that was revoked. It is Stripe.
    pub fn set_refusing_keys(&self, refuses: bool) {
        self.refuses_keys.store(refuses, Ordering::Relaxed);
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        effect: impl FnOnce(&mut Books) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let effect = || match (self.is_away.load(Ordering::Relaxed), self.refuses_keys.load(Ordering::Relaxed)) {
            (true, _) => Err(ProviderError::NotSent(None)),
            (false, true) => Err(ProviderError::KeyRefused(ProviderName::Stripe)),
            (false, false) => effect(&mut self.books.get()),
        };
        self.faults.call(operation, effect).await
    }

    /// Every charge by its key, declined ones included.
    pub fn charges(&self) -> BTreeMap<String, ChargeOnFile> {
        self.books.get().charges.clone()
    }

    /// Every refund by its key, refused ones included.
    pub fn refunds(&self) -> BTreeMap<String, RefundOnFile> {
        self.books.get().refunds.clone()
    }

    pub fn charge_on_file(&self, key: &str) -> Option<ChargeOnFile> {
        self.books.get().charges.get(key).cloned()
    }

    pub fn refund_on_file(&self, key: &str) -> Option<RefundOnFile> {
        self.books.get().refunds.get(key).cloned()
    }

    /// The keys of charges that were made, changed or refunded since the last call.
    pub fn take_moved(&self) -> Vec<String> {
        std::mem::take(&mut self.books.get().moved)
    }

    /// The provider's keys of charges that wait for their customer.
    pub fn waiting_for_customers(&self) -> Vec<String> {
        let books = self.books.get();
        let waiting = books.charges.iter().filter(|(_, file)| matches!(file.verdict, Verdict::RequiresAction { .. }));
        waiting.map(|(key, _)| key.clone()).collect()
    }

    /// The keys of charges that are or were disputed, and what became of that.
    pub fn disputed(&self) -> Vec<(String, DisputeStatus)> {
        let books = self.books.get();
        let disputes =
            books.charges.iter().filter_map(|(key, file)| Some((key.clone(), file.dispute.as_ref()?.status)));
        disputes.collect()
    }

    /// The minor units that were taken for a payment, by all its tries.
    pub fn charged(&self, payment: PaymentId) -> i64 {
        let books = self.books.get();
        books.charges_of(payment).map(ChargeOnFile::captured).sum()
    }

    /// The minor units that went back of a payment, by all its refunds.
    pub fn refunded(&self, payment: PaymentId) -> i64 {
        let books = self.books.get();
        books.charges_of(payment).filter_map(ChargeOnFile::reference).map(|charge| books.refunded(charge)).sum()
    }

    /// The customer's bank decides the dispute of a charge. Says what the dispute has come to, if there is one.
    pub fn decide_dispute(&self, key: &str, next: DisputeStatus) -> Option<DisputeStatus> {
        let mut books = self.books.get();
        let reference = books.charges.get(key)?.dispute.as_ref()?.reference.clone();
        books.decide(&reference, next).ok().map(|dispute| dispute.status)
    }

    /// The dispute of a charge is in another currency than the charge.
    pub fn dispute_in(&self, key: &str, currency: Currency) {
        let mut books = self.books.get();
        let dispute = books.charges.get_mut(key).and_then(|file| file.dispute.as_mut());
        dispute.into_iter().for_each(|dispute| dispute.money.currency = currency);
    }

    /// The customer confirms a charge that waits for them. Says whether there was one.
    pub fn authenticate(&self, key: &str) -> bool {
        let mut books = self.books.get();
        let Some(file) = books.charges.get_mut(key) else { return false };
        let Verdict::RequiresAction { reference } = &file.verdict else { return false };
        file.verdict = confirmed(&file.charge, reference.clone());
        file.dispute_if_it_is_to_be();
        books.moved.push(key.to_owned());
        true
    }
}

#[async_trait]
impl PaymentProvider for Provider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        self.call("provider.charge", |books| books.charge(charge)).await
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        let effect = |books: &mut Books| Ok(books.charges.get(&charge.key).map(|file| file.verdict.clone()));
        self.call("provider.find_charge", effect).await
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        self.call("provider.capture_charge", |books| books.capture(&charge.key, money)).await
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        self.call("provider.cancel_charge", |books| books.cancel(&charge.key)).await
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        self.call("provider.refund", |books| books.refund(refund)).await
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        let disputes = |books: &mut Books| books.charges.get(&charge.key).and_then(|file| file.dispute.clone());
        self.call("provider.find_disputes", |books| Ok(disputes(books).into_iter().collect())).await
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        let decision = match evidence.as_str() {
            "winning_evidence" => DisputeStatus::Won,
            "losing_evidence" => DisputeStatus::Lost,
            _ => DisputeStatus::UnderReview,
        };
        let is_bad = evidence.as_str() == "refused_evidence";
        self.call("provider.answer_dispute", |books| books.answer(reference, decision, is_bad)).await
    }

    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        let effect = |books: &mut Books| Ok(books.refunds.get(&refund.key).map(|file| file.verdict.clone()));
        self.call("provider.find_refund", effect).await
    }
}

/// What a token that succeeds comes to.
fn confirmed(charge: &Charge, reference: String) -> Verdict {
    match charge.capture {
        Capture::Automatic => Verdict::Succeeded { reference, captured: charge.money.amount },
        Capture::Manual => Verdict::Authorized { reference },
    }
}

impl ChargeOnFile {
    /// The name of a charge that moved money.
    fn reference(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Succeeded { reference, .. } => Some(reference),
            _ => None,
        }
    }

    /// The customer of `tok_dispute` wants all of it back as soon as it is taken.
    fn dispute_if_it_is_to_be(&mut self) {
        if let ("tok_dispute", Verdict::Succeeded { reference, captured }) = (self.charge.token.reveal(), &self.verdict)
        {
            self.dispute = Some(DisputeReport {
                reference: reference.replace("ch_", "dp_"),
                money: Money { amount: *captured, ..self.charge.money },
                reason: DisputeReason::Fraudulent,
                status: DisputeStatus::NeedsResponse,
                respond_by: None,
            });
        }
    }

    /// Whether it waits to be captured.
    pub fn is_held(&self) -> bool {
        matches!(self.verdict, Verdict::Authorized { .. })
    }

    /// The minor units that it moved.
    fn captured(&self) -> i64 {
        match &self.verdict {
            Verdict::Succeeded { captured, .. } => captured.get(),
            _ => 0,
        }
    }
}

impl Books {
    /// The dispute becomes what it may become; else it stays what it is.
    fn decide(&mut self, reference: &str, next: DisputeStatus) -> Result<DisputeReport, ProviderError> {
        let dispute = self.dispute(reference)?;
        if dispute.status.next().contains(&next) {
            dispute.status = next;
        }
        Ok(dispute.clone())
    }

    fn answer(
        &mut self,
        reference: &str,
        decision: DisputeStatus,
        is_bad: bool,
    ) -> Result<DisputeReport, ProviderError> {
        if is_bad && self.dispute(reference)?.status == DisputeStatus::NeedsResponse {
            return Err(ProviderError::Refused(DeclineCode::Other));
        }
        self.decide(reference, decision)
    }

    fn dispute(&mut self, reference: &str) -> Result<&mut DisputeReport, ProviderError> {
        let mut disputes = self.charges.values_mut().filter_map(|file| file.dispute.as_mut());
        let dispute = disputes.find(|dispute| dispute.reference == reference);
        dispute.ok_or_else(|| ProviderError::Rejected("no such dispute".to_owned()))
    }

    /// A key is made of the payment and the number of the try.
    fn charges_of(&self, payment: PaymentId) -> impl Iterator<Item = &ChargeOnFile> {
        let prefix = format!("{payment}-");
        let tries = self.charges.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix));
        tries.map(|(_, file)| file)
    }

    fn charge(&mut self, charge: &Charge) -> Result<Verdict, ProviderError> {
        if let Some(file) = self.charges.get(&charge.key) {
            let is_same = file.charge == *charge;
            return if is_same { Ok(file.first_verdict.clone()) } else { Err(key_reused()) };
        }
        let token = charge.token.reveal();
        if token == "tok_flaky" && self.fails_once_more(&charge.key) {
            return Err(ProviderError::Unavailable(None));
        }
        let verdict = match token {
            "tok_success" | "tok_dispute" | "tok_timeout" | "tok_flaky" => confirmed(charge, self.number("ch")),
            "tok_requires_action" => Verdict::RequiresAction { reference: self.number("ch") },
            "tok_declined_insufficient_funds" => Verdict::Declined { code: DeclineCode::InsufficientFunds },
            "tok_declined_do_not_honor" => Verdict::Declined { code: DeclineCode::DoNotHonor },
            "tok_declined_expired_card" => Verdict::Declined { code: DeclineCode::ExpiredCard },
            _ => Verdict::Declined { code: DeclineCode::InvalidToken },
        };
        let (charge, first_verdict) = (charge.clone(), verdict.clone());
        let mut file = ChargeOnFile { charge: charge.clone(), first_verdict, verdict: verdict.clone(), dispute: None };
        file.dispute_if_it_is_to_be();
        self.charges.insert(charge.key.clone(), file);
        self.moved.push(charge.key.clone());
        if token == "tok_timeout" { Err(ProviderError::TimedOut) } else { Ok(verdict) }
    }

    fn cancel(&mut self, key: &str) -> Result<Verdict, ProviderError> {
        let file =
            self.charges.get_mut(key).ok_or_else(|| ProviderError::Rejected("no charge has this key".to_owned()))?;
        if matches!(file.verdict, Verdict::RequiresAction { .. } | Verdict::Authorized { .. }) {
            file.verdict = Verdict::Cancelled;
        }
        Ok(file.verdict.clone())
    }

    fn capture(&mut self, key: &str, money: Money) -> Result<Verdict, ProviderError> {
        let file =
            self.charges.get_mut(key).ok_or_else(|| ProviderError::Rejected("no charge has this key".to_owned()))?;
        if money.currency != file.charge.money.currency || money.amount > file.charge.money.amount {
            return Err(ProviderError::Rejected("not what was authorised".to_owned()));
        }
        if let Verdict::Authorized { reference } = &file.verdict {
            file.verdict = Verdict::Succeeded { reference: reference.clone(), captured: money.amount };
            file.dispute_if_it_is_to_be();
        }
        Ok(file.verdict.clone())
    }

    fn refund(&mut self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        if let Some(file) = self.refunds.get(&refund.key) {
            let is_same = file.refund == *refund;
            return if is_same { Ok(file.verdict.clone()) } else { Err(key_reused()) };
        }
        let (key, charged, currency) =
            self.charge_named(&refund.charge).ok_or_else(|| ProviderError::Rejected("no such charge".to_owned()))?;
        let left = charged - self.refunded(&refund.charge);
        let fits = refund.money.currency == currency && refund.money.amount.get() <= left;
        let verdict = if fits {
            RefundVerdict::Succeeded { reference: self.number("re") }
        } else {
            RefundVerdict::Refused { code: DeclineCode::Other }
        };
        self.refunds.insert(refund.key.clone(), RefundOnFile { refund: refund.clone(), verdict: verdict.clone() });
        self.moved.push(key);
        Ok(verdict)
    }

    /// The key of a charge by the name it was given, and what it moved.
    fn charge_named(&self, charge: &str) -> Option<(String, i64, Currency)> {
        let (key, file) = self.charges.iter().find(|(_, file)| file.reference() == Some(charge))?;
        Some((key.clone(), file.captured(), file.charge.money.currency))
    }

    fn refunded(&self, charge: &str) -> i64 {
        let of_charge = self.refunds.values().filter(|file| file.refund.charge == charge);
        let gone_through = of_charge.filter(|file| matches!(file.verdict, RefundVerdict::Succeeded { .. }));
        gone_through.map(|file| file.refund.money.amount.get()).sum()
    }

    fn fails_once_more(&mut self, key: &str) -> bool {
        let failures = self.flaky_failures.entry(key.to_owned()).or_default();
        *failures += 1;
        *failures <= FLAKY_FAILURES
    }

    fn number(&mut self, prefix: &str) -> String {
        self.numbers += 1;
        format!("{prefix}_{:06}", self.numbers)
    }
}

fn key_reused() -> ProviderError {
    ProviderError::Rejected("the key was used for something else".to_owned())
}
