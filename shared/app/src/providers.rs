//! The providers that payments go by: one, or two of which the second is for when the first cannot be reached.

use domain::payment::Payment;
use ports::provider::PaymentProvider;

use crate::work::WorkError;

/// A provider by the name under which payments remember it.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    pub name: &'a str,
    pub provider: &'a dyn PaymentProvider,
}

#[derive(Clone, Copy)]
pub struct Providers<'a> {
    pub first: Named<'a>,
    pub second: Option<Named<'a>>,
}

impl<'a> Providers<'a> {
    pub fn only(name: &'a str, provider: &'a dyn PaymentProvider) -> Self {
        Self { first: Named { name, provider }, second: None }
    }

    /// The one that has the payment.
    pub fn of(&self, payment: &Payment) -> Result<&'a dyn PaymentProvider, WorkError> {
        let Some(name) = payment.route.provider() else { return Ok(self.first.provider) };
        let named = std::iter::once(self.first).chain(self.second).find(|named| named.name == name);
        named.map(|named| named.provider).ok_or_else(|| {
            WorkError::Poison(format!("{} went by the provider {name}, which is not set up", payment.id))
        })
    }
}
