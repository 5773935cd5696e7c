//! A payment provider with the sandbox's tokens. It deduplicates by key, keeps every charge and refund, and never gives back
//! more than was charged. `charge` with a known key repeats its first verdict; `find_charge` tells what became of it since.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::PaymentId;
use domain::money::Money;
use domain::payment::{DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use ports::provider::{Charge, PaymentProvider, ProviderError, RefundCharge};

use crate::faults::Faults;
use crate::lock::Lock;

/// How often `tok_flaky` fails before it succeeds.
const FLAKY_FAILURES: u32 = 2;

#[derive(Debug, Default)]
pub struct Provider {
    faults: Faults,
    books: Lock<Books>,
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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOnFile {
    pub refund: RefundCharge,
    pub verdict: RefundVerdict,
}

impl Provider {
    pub fn new(faults: Faults) -> Self {
        Self { faults, books: Lock::default() }
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

    /// The minor units that were taken for a payment, by all its tries.
    pub fn charged(&self, payment: PaymentId) -> i64 {
        let books = self.books.get();
        let taken = books.charges_of(payment).filter(|file| file.reference().is_some());
        taken.map(|file| file.charge.money.amount.get()).sum()
    }

    /// The minor units that went back of a payment, by all its refunds.
    pub fn refunded(&self, payment: PaymentId) -> i64 {
        let books = self.books.get();
        books.charges_of(payment).filter_map(ChargeOnFile::reference).map(|charge| books.refunded(charge)).sum()
    }

    /// The customer confirms a charge that waits for them. Says whether there was one.
    pub fn authenticate(&self, key: &str) -> bool {
        let mut books = self.books.get();
        let Some(file) = books.charges.get_mut(key) else { return false };
        let Verdict::RequiresAction { reference } = &file.verdict else { return false };
        file.verdict = Verdict::Succeeded { reference: reference.clone() };
        books.moved.push(key.to_owned());
        true
    }
}

#[async_trait]
impl PaymentProvider for Provider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        self.faults.call("provider.charge", || self.books.get().charge(charge)).await
    }

    async fn find_charge(&self, key: &str) -> Result<Option<Verdict>, ProviderError> {
        let effect = || Ok(self.books.get().charges.get(key).map(|file| file.verdict.clone()));
        self.faults.call("provider.find_charge", effect).await
    }

    async fn cancel_charge(&self, key: &str) -> Result<Verdict, ProviderError> {
        self.faults.call("provider.cancel_charge", || self.books.get().cancel(key)).await
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        self.faults.call("provider.refund", || self.books.get().refund(refund)).await
    }

    async fn find_refund(&self, key: &str) -> Result<Option<RefundVerdict>, ProviderError> {
        let effect = || Ok(self.books.get().refunds.get(key).map(|file| file.verdict.clone()));
        self.faults.call("provider.find_refund", effect).await
    }
}

impl ChargeOnFile {
    /// The name of a charge that moved money.
    fn reference(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Succeeded { reference } => Some(reference),
            Verdict::RequiresAction { .. } | Verdict::Declined { .. } => None,
        }
    }
}

impl Books {
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
            "tok_success" | "tok_dispute" | "tok_timeout" | "tok_flaky" => {
                Verdict::Succeeded { reference: self.number("ch") }
            }
            "tok_requires_action" => Verdict::RequiresAction { reference: self.number("ch") },
            "tok_declined_insufficient_funds" => Verdict::Declined { code: DeclineCode::InsufficientFunds },
            "tok_declined_do_not_honor" => Verdict::Declined { code: DeclineCode::DoNotHonor },
            "tok_declined_expired_card" => Verdict::Declined { code: DeclineCode::ExpiredCard },
            _ => Verdict::Declined { code: DeclineCode::InvalidToken },
        };
        let file = ChargeOnFile { charge: charge.clone(), first_verdict: verdict.clone(), verdict: verdict.clone() };
        self.charges.insert(charge.key.clone(), file);
        self.moved.push(charge.key.clone());
        if token == "tok_timeout" { Err(ProviderError::TimedOut) } else { Ok(verdict) }
    }

    fn cancel(&mut self, key: &str) -> Result<Verdict, ProviderError> {
        let file =
            self.charges.get_mut(key).ok_or_else(|| ProviderError::Rejected("no charge has this key".to_owned()))?;
        if matches!(file.verdict, Verdict::RequiresAction { .. }) {
            file.verdict = Verdict::Declined { code: DeclineCode::AuthenticationExpired };
        }
        Ok(file.verdict.clone())
    }

    fn refund(&mut self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        if let Some(file) = self.refunds.get(&refund.key) {
            let is_same = file.refund == *refund;
            return if is_same { Ok(file.verdict.clone()) } else { Err(key_reused()) };
        }
        let (key, charged) =
            self.charge_named(&refund.charge).ok_or_else(|| ProviderError::Rejected("no such charge".to_owned()))?;
        let left = charged.amount.get() - self.refunded(&refund.charge);
        let fits = refund.money.currency == charged.currency && refund.money.amount.get() <= left;
        let verdict = if fits {
            RefundVerdict::Succeeded { reference: self.number("re") }
        } else {
            RefundVerdict::Refused { code: DeclineCode::Other }
        };
        self.refunds.insert(refund.key.clone(), RefundOnFile { refund: refund.clone(), verdict: verdict.clone() });
        self.moved.push(key);
        Ok(verdict)
    }

    /// The key and money of a charge, by the name it was given.
    fn charge_named(&self, charge: &str) -> Option<(String, Money)> {
        let (key, file) = self.charges.iter().find(|(_, file)| file.reference() == Some(charge))?;
        Some((key.clone(), file.charge.money))
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
