//! Receipts for tests: a shop with meaningful defaults sells some lines, and the customer pays them at once.

use domain::field::{FieldError, Invalid};
use domain::ids::{OrderId, PaymentId, TenantId};
use domain::metadata::Metadata;
use domain::money::{Amount, Currency};
use domain::order::{Customer, NewLine, NewOrder, Order};
use domain::payment::{Capture, Method, NewPayment, Payment, PaymentStatus};
use domain::receipt::Receipt;
use domain::secret::Secret;
use domain::text::{Description, Email, Name, Sku};
use domain::time::Timestamp;

pub const PNG: &[u8] = include_bytes!("logo.png");
/// 5 March 2026, 14:07:09 UTC.
const PAID_AT: Timestamp = Timestamp::from_ms(1_772_719_629_123);

pub struct Shop<'a> {
    pub merchant: &'a str,
    pub customer: &'a str,
    pub currency: &'a str,
}

impl Default for Shop<'_> {
    fn default() -> Self {
        Self { merchant: "Bergamot & Söhne", customer: "Zoë Łukasz", currency: "EUR" }
    }
}

impl Shop<'_> {
    pub fn sells(&self, lines: Vec<NewLine>) -> Result<Receipt, Refused> {
        let tenant = TenantId::from_u128(1);
        let customer = Customer { email: Email::parse("zoe@customer.example")?, name: Name::parse(self.customer)? };
        let currency = Currency::parse(self.currency)?;
        let order = NewOrder { currency, customer, lines, claimed_total: None, metadata: Metadata::default() };
        let order = Order::new(OrderId::from_u128(2), tenant, order, PAID_AT)?;
        let payment = NewPayment {
            order: Some(order.id),
            money: order.total,
            method: Method::Card { token: Secret::new("tok_success") },
            top_up: None,
            capture: Capture::Automatic,
            description: Some(Description::parse("Deposit for the hall")?),
            metadata: Metadata::default(),
        };
        let mut payment = Payment::new(PaymentId::from_u128(3), tenant, payment, PAID_AT);
        payment.captured = order.total.amount.get();
        payment.status = PaymentStatus::Succeeded;
        Ok(Receipt { merchant: Name::parse(self.merchant)?, logo: None, payment, order: Some(order), paid_at: PAID_AT })
    }
}

pub fn line(name: &str, quantity: u32, unit_amount: i64) -> Result<NewLine, Invalid> {
    Ok(NewLine {
        sku: Sku::parse("cup-01/blue")?,
        name: Name::parse(name)?,
        quantity,
        unit_amount: Amount::new(unit_amount)?,
        claimed_amount: None,
    })
}

/// The domain did not take the sample.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub struct Refused(Vec<FieldError>);

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self(vec![invalid.at("/")])
    }
}

impl From<Vec<FieldError>> for Refused {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}
