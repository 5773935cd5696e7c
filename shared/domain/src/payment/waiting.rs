//! How long a payment waits: for its customer, its merchant, its provider.

use super::{ACTION_EXPIRES_AFTER, Payment, PaymentStatus};
use crate::backoff;
use crate::time::Timestamp;

impl Payment {
    /// The sweeper could not ask, or got no use of the answer.
    pub fn asked_in_vain(&self, now: Timestamp) -> Self {
        self.changed(now, |payment| payment.check_at = Some(backoff::asked_in_vain(payment.created_at, now)))
    }

    /// Whether the time is over that the customer had to authenticate, or the merchant to capture.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        match self.status {
            PaymentStatus::RequiresAction => now.since(self.created_at) >= ACTION_EXPIRES_AFTER,
            PaymentStatus::RequiresCapture => self.capture_before.is_some_and(|end| now >= end),
            _ => false,
        }
    }
}
