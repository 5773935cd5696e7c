//! What the templates are given: words, no values to compute with.

use domain::connection::ProviderName;
use domain::dispute::DisputeReason;
use domain::mail::{Letter, MailKind, Matter};
use domain::money::Money;
use domain::order::Order;
use domain::payment::DeclineCode;
use domain::time::Timestamp;
use domain::webhook::DisabledReason;
use jiff::tz::TimeZone;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct View<'a> {
    subject: String,
    merchant: &'a str,
    name: &'a str,
    /// None where the letter is of no money.
    amount: Option<String>,
    opt_out: Option<&'a str>,
    #[serde(flatten)]
    of: Of<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Of<'a> {
    Receipt { payment: String, order: String, total: String, lines: Vec<Line<'a>> },
    Refund { refund: String, order: String },
    PaymentFailed { payment: String, order: String, failure: &'static str },
    Dispute { dispute: String, payment: String, reason: &'static str, respond_by: Option<String> },
    WebhookDisabled { endpoint: String, at: &'a str, reason: &'static str },
    ProviderKeyRefused { provider: &'static str, refused_at: String },
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    quantity: u32,
    amount: String,
}

impl View<'_> {
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// The templates' name and what they are given.
pub(crate) fn of(letter: &Letter) -> (&'static str, View<'_>) {
    let Letter { merchant, to_name, matter, opt_out } = letter;
    let (kind, subject, money, of) = match matter {
        Matter::Receipt { payment, order } => {
            let of = Of::Receipt {
                payment: payment.id.to_string(),
                order: order.id.to_string(),
                total: amount(order.total.amount.get(), order.total),
                lines: lines(order),
            };
            (MailKind::Receipt, "Your receipt from", Some(amount(payment.captured, payment.money)), of)
        }
        Matter::Refund { refund, order } => {
            let of = Of::Refund { refund: refund.id.to_string(), order: order.id.to_string() };
            (MailKind::Refund, "Your refund from", Some(amount(refund.money.amount.get(), refund.money)), of)
        }
        Matter::PaymentFailed { payment, order } => {
            let failure = payment.failure.unwrap_or(DeclineCode::Other).message();
            let of = Of::PaymentFailed { payment: payment.id.to_string(), order: order.id.to_string(), failure };
            let money = amount(payment.money.amount.get(), payment.money);
            (MailKind::PaymentFailed, "Your payment did not go through:", Some(money), of)
        }
        Matter::Dispute { dispute } => {
            let of = Of::Dispute {
                dispute: dispute.id.to_string(),
                payment: dispute.payment.to_string(),
                reason: reason(dispute.reason),
                respond_by: dispute.respond_by.map(date),
            };
            let money = amount(dispute.money.amount.get(), dispute.money);
            (MailKind::Dispute, "A payment is disputed:", Some(money), of)
        }
        Matter::WebhookDisabled { endpoint } => {
            let reason = disabled(endpoint.status.reason());
            let of = Of::WebhookDisabled { endpoint: endpoint.id.to_string(), at: endpoint.url.origin(), reason };
            (MailKind::WebhookDisabled, "A webhook endpoint was disabled:", None, of)
        }
        Matter::ProviderKeyRefused { provider, refused_at } => {
            let of = Of::ProviderKeyRefused { provider: title(*provider), refused_at: date(*refused_at) };
            (MailKind::ProviderKeyRefused, "Payments wait for a new key:", None, of)
        }
    };
    let merchant = merchant.as_str();
    let subject = format!("{subject} {merchant}");
    let opt_out = opt_out.as_ref().map(|link| link.as_str());
    (kind.as_str(), View { subject, merchant, name: to_name.as_str(), amount: money, opt_out, of })
}

fn title(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Sandbox => "the sandbox",
        ProviderName::Stripe => "Stripe",
    }
}

fn lines(order: &Order) -> Vec<Line<'_>> {
    let line = |line: &'_ domain::order::Line| amount(line.amount.get(), order.total);
    order.lines.iter().map(|it| Line { name: it.name.as_str(), quantity: it.quantity, amount: line(it) }).collect()
}

/// So many minor units of the money's currency.
fn amount(minor_units: i64, Money { currency, .. }: Money) -> String {
    format!("{currency} {}", currency.decimal(minor_units))
}

fn date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn disabled(reason: Option<DisabledReason>) -> &'static str {
    match reason {
        Some(DisabledReason::Gone) => "it answered 410, which says that it wants nothing more",
        Some(DisabledReason::Failing) => "for five days it answered nothing with success",
        Some(DisabledReason::Requested) | None => "somebody has disabled it",
    }
}

fn reason(reason: DisputeReason) -> &'static str {
    match reason {
        DisputeReason::Duplicate => "charged twice",
        DisputeReason::Fraudulent => "fraud",
        DisputeReason::ProductNotReceived => "the product was not received",
        DisputeReason::ProductUnacceptable => "the product is not acceptable",
        DisputeReason::CreditNotProcessed => "a refund was not made",
        DisputeReason::SubscriptionCancelled => "the subscription was cancelled",
        DisputeReason::Unrecognized => "the customer does not know the charge",
        DisputeReason::Other => "another one",
    }
}
