//! A receipt: what a merchant tells a customer of a payment that has succeeded. How it looks is the documents crate's matter.

use crate::field::Invalid;
use crate::file::{ContentType, File, FileStatus};
use crate::ids::{PaymentId, TenantId};
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

/// A logo has at most so many bytes: each receipt carries it.
pub const LOGO_BYTES_MAX: u32 = 512 * 1024;

/// The bytes of an image file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    Png(Vec<u8>),
    Jpeg(Vec<u8>),
}

impl Logo {
    /// Why a file is no logo: the receipt would be made without it.
    pub fn check(file: &File) -> Result<(), Invalid> {
        if file.status != FileStatus::Ready {
            return Err(Invalid::new("not_ready", "must be of a file that is ready"));
        }
        if !matches!(file.content_type, ContentType::Png | ContentType::Jpeg) {
            return Err(Invalid::new("wrong_type", "must be of a file that is image/png or image/jpeg"));
        }
        if file.size.bytes() > LOGO_BYTES_MAX {
            return Err(Invalid::new("too_large", format!("must be of a file of at most {LOGO_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// `None` where the file is no picture that receipts show.
    pub fn of(content_type: ContentType, bytes: Vec<u8>) -> Option<Self> {
        match content_type {
            ContentType::Png => Some(Self::Png(bytes)),
            ContentType::Jpeg => Some(Self::Jpeg(bytes)),
            ContentType::Pdf | ContentType::Webp | ContentType::Csv | ContentType::Text => None,
        }
    }
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
