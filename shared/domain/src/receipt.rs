//! A receipt: what a merchant tells a customer of a payment that has succeeded. How it looks is the documents crate's matter.

use crate::ids::{PaymentId, TenantId};
use crate::logo::Logo;
use crate::order::Order;
use crate::payment::{Payment, PaymentStatus};
use crate::text::Name;
use crate::time::Timestamp;

/// Everything that a receipt shows. The same values make the same document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub merchant: Name,
    pub logo: Option<Logo>,
    pub payment: Payment,
    /// What was bought; a payment may be of no order.
    pub order: Option<Order>,
    /// When the money was taken.
    pub paid_at: Timestamp,
}

/// Why a receipt cannot be made into a document. It names no customer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the receipt cannot be printed: {0}")]
pub struct Unprintable(pub String);

/// Which document: a payment has another receipt when more of it was refunded, so that a document never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptKey {
    pub tenant: TenantId,
    pub payment: PaymentId,
    pub refunded: i64,
}

impl ReceiptKey {
    /// The receipt that a payment has now; none while its money was not taken.
    pub fn of(payment: &Payment) -> Option<Self> {
        match payment.status {
            PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                Some(Self { tenant: payment.tenant, payment: payment.id, refunded: payment.refunded })
            }
            PaymentStatus::Processing
            | PaymentStatus::RequiresAction
            | PaymentStatus::RequiresCapture
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled => None,
        }
    }
}
