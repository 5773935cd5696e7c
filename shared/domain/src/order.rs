//! An order: what a customer buys and how much of it is paid. `open → paid → fulfilled`; an open order may be cancelled,
//! a paid or fulfilled one becomes refunded when all its money went back.

use crate::field::{FieldError, Invalid};
use crate::ids::{OrderId, TenantId};
use crate::metadata::Metadata;
use crate::money::{Amount, Currency, Money};
use crate::text::{Email, Name, Sku};
use crate::time::Timestamp;

pub const LINES_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    Open,
    Paid,
    Fulfilled,
    Cancelled,
    Refunded,
}

impl OrderStatus {
    pub const ALL: [Self; 5] = [Self::Open, Self::Paid, Self::Fulfilled, Self::Cancelled, Self::Refunded];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The states that may follow this one.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Paid, Self::Cancelled],
            Self::Paid => &[Self::Fulfilled, Self::Refunded],
            Self::Fulfilled => &[Self::Refunded],
            Self::Cancelled | Self::Refunded => &[],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub email: Email,
    pub name: Name,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub sku: Sku,
    pub name: Name,
    pub quantity: u32,
    pub unit_amount: Amount,
    /// quantity × unit amount, computed here.
    pub amount: Amount,
}

/// A line as a client asks for it; `claimed_amount` is the client's own sum, refused when it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    pub sku: Sku,
    pub name: Name,
    pub quantity: u32,
    pub unit_amount: Amount,
    pub claimed_amount: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    pub currency: Currency,
    pub customer: Customer,
    pub lines: Vec<NewLine>,
    pub claimed_total: Option<i64>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub tenant: TenantId,
    pub status: OrderStatus,
    pub customer: Customer,
    pub lines: Vec<Line>,
    pub total: Money,
    /// Minor units promised to payments that are not settled yet.
    pub held: i64,
    pub paid: i64,
    pub refunded: i64,
    pub metadata: Metadata,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// Why an order does not take part in a payment, or does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    #[error("the order is {}; from there it may become: {}", current.as_str(), names(allowed))]
    IllegalMove { current: OrderStatus, allowed: &'static [OrderStatus] },
    #[error("the order is in {expected}, not in {given}")]
    CurrencyMismatch { expected: Currency, given: Currency },
    #[error("{available} minor units of the order are still to be paid and not held by another payment")]
    AmountExceedsOutstanding { available: i64 },
    #[error("a payment of the order is still being processed")]
    PaymentInProgress,
    #[error("the order holds money: refund it first")]
    HasPayments,
}

fn names(statuses: &[OrderStatus]) -> String {
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    if names.is_empty() { "nothing else".to_owned() } else { names.join(", ") }
}

impl Order {
    /// Computes every line's amount and the total, and refuses a client's sums that differ.
    pub fn new(id: OrderId, tenant: TenantId, input: NewOrder, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let NewOrder { currency, customer, lines, claimed_total, metadata } = input;
        let mut errors = Vec::new();
        let lines: Vec<Line> = lines
            .into_iter()
            .enumerate()
            .filter_map(|(index, line)| {
                price(line).map_err(|invalid| errors.push(invalid.at(format!("/lines/{index}/amount")))).ok()
            })
            .collect();
        let total = total_of(&lines).and_then(|total| agree(total, claimed_total));
        match total {
            Ok(amount) if errors.is_empty() => Ok(Self {
                id,
                tenant,
                status: OrderStatus::Open,
                customer,
                lines,
                total: Money { amount, currency },
                held: 0,
                paid: 0,
                refunded: 0,
                metadata,
                created_at: now,
                updated_at: now,
                version: 1,
            }),
            Ok(_) => Err(errors),
            // With a refused line the total means nothing yet: say the lines first.
            Err(_) if !errors.is_empty() => Err(errors),
            Err(invalid) => Err(vec![invalid.at("/total_amount")]),
        }
    }

    /// What the customer still owes: total − payments + refunds.
    pub fn outstanding(&self) -> i64 {
        self.total.amount.get() - self.paid + self.refunded
    }

    /// What a new payment may take: the outstanding amount less what other payments hold.
    pub fn available(&self) -> i64 {
        self.outstanding() - self.held
    }

    /// Promises part of the order to a payment. Refusals in order of precedence.
    pub fn hold(&self, money: Money, now: Timestamp) -> Result<Self, OrderRefusal> {
        if self.status != OrderStatus::Open {
            return Err(self.illegal_move());
        }
        if money.currency != self.total.currency {
            return Err(OrderRefusal::CurrencyMismatch { expected: self.total.currency, given: money.currency });
        }
        if money.amount.get() > self.available() {
            return Err(OrderRefusal::AmountExceedsOutstanding { available: self.available() });
        }
        Ok(self.changed(now, |order| order.held += money.amount.get()))
    }

    /// The payment that held `held` took `captured` of it: that is paid, and the last one makes the order paid. What was not
    /// captured may be paid by another.
    pub fn settle(&self, held: Amount, captured: Amount, now: Timestamp) -> Self {
        self.changed(now, |order| {
            order.held -= held.get();
            order.paid += captured.get();
            let fully_paid = order.outstanding() == 0;
            if order.status == OrderStatus::Open && fully_paid {
                order.status = OrderStatus::Paid;
            }
        })
    }

    /// The held payment failed or was cancelled: its amount may be paid by another.
    pub fn release(&self, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |order| order.held -= amount.get())
    }

    /// Money went back to the customer; when all of it did, a paid or fulfilled order is refunded.
    pub fn refund(&self, amount: Amount, now: Timestamp) -> Self {
        self.changed(now, |order| {
            order.refunded += amount.get();
            let all_went_back = order.refunded == order.paid;
            let was_complete = matches!(order.status, OrderStatus::Paid | OrderStatus::Fulfilled);
            if was_complete && all_went_back {
                order.status = OrderStatus::Refunded;
            }
        })
    }

    pub fn cancel(&self, now: Timestamp) -> Result<Self, OrderRefusal> {
        if self.status != OrderStatus::Open {
            return Err(self.illegal_move());
        }
        if self.held > 0 {
            return Err(OrderRefusal::PaymentInProgress);
        }
        if self.paid > self.refunded {
            return Err(OrderRefusal::HasPayments);
        }
        Ok(self.changed(now, |order| order.status = OrderStatus::Cancelled))
    }

    pub fn fulfil(&self, now: Timestamp) -> Result<Self, OrderRefusal> {
        if self.status != OrderStatus::Paid {
            return Err(self.illegal_move());
        }
        Ok(self.changed(now, |order| order.status = OrderStatus::Fulfilled))
    }

    fn illegal_move(&self) -> OrderRefusal {
        OrderRefusal::IllegalMove { current: self.status, allowed: self.status.next() }
    }

    fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Self)) -> Self {
        let mut order = self.clone();
        change(&mut order);
        order.updated_at = now.max(self.updated_at);
        order.version += 1;
        order
    }
}

fn price(line: NewLine) -> Result<Line, Invalid> {
    let NewLine { sku, name, quantity, unit_amount, claimed_amount } = line;
    let amount = agree(unit_amount.times(quantity)?, claimed_amount)?;
    Ok(Line { sku, name, quantity, unit_amount, amount })
}

fn total_of(lines: &[Line]) -> Result<Amount, Invalid> {
    let mut amounts = lines.iter().map(|line| line.amount);
    let first = amounts.next().ok_or_else(|| Invalid::new("too_short", "an order needs a line"))?;
    amounts.try_fold(first, Amount::plus)
}

fn agree(computed: Amount, claimed: Option<i64>) -> Result<Amount, Invalid> {
    match claimed {
        Some(claimed) if claimed != computed.get() => Err(Invalid::new(
            "amount_mismatch",
            format!("is {} by the lines' quantities and unit amounts", computed.get()),
        )),
        _ => Ok(computed),
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
