//! What a merchant asks of an authorised payment, and what is so when the provider will not do it.

use super::{Asked, CHECK_AFTER, DeclineCode, Payment, PaymentRefusal, PaymentStatus};
use crate::money::Amount;
use crate::time::Timestamp;

impl Payment {
    /// The merchant wants the authorised money, all of it or `amount`; what is not captured is set free for good.
    pub fn ask_capture(&self, amount: Option<Amount>, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if self.status != PaymentStatus::RequiresCapture {
            return Err(self.illegal_move());
        }
        let amount = amount.unwrap_or(self.money.amount);
        if amount > self.money.amount {
            return Err(PaymentRefusal::AmountExceedsCapturable { capturable: self.money.amount.get() });
        }
        Ok(self.asking(Asked::Capture(amount), now))
    }

    /// The provider will not capture so much, or so little. The bank's word still stands, and the merchant may ask for
    /// another amount, or give the payment up.
    pub fn capture_refused(&self, code: DeclineCode, now: Timestamp) -> Result<Self, PaymentRefusal> {
        let (PaymentStatus::Processing, Asked::Capture(_)) = (self.status, self.asked) else {
            return Err(self.illegal_move());
        };
        Ok(self.changed(now, |payment| {
            payment.status = PaymentStatus::RequiresCapture;
            payment.asked = Asked::Charge;
            payment.failure = Some(code);
            payment.unknown_since = None;
            payment.check_at = payment.capture_before;
        }))
    }

    /// The merchant gives the payment up before any money is taken.
    pub fn ask_cancel(&self, now: Timestamp) -> Result<Self, PaymentRefusal> {
        if !matches!(self.status, PaymentStatus::RequiresAction | PaymentStatus::RequiresCapture) {
            return Err(self.illegal_move());
        }
        Ok(self.asking(Asked::Cancel, now))
    }

    fn asking(&self, asked: Asked, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            payment.status = PaymentStatus::Processing;
            payment.asked = asked;
            payment.failure = None;
            payment.check_at = Some(now.plus(CHECK_AFTER));
        })
    }
}
