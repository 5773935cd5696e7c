//! The provider's books against ours: nobody is charged twice, and what we call captured, failed and refunded is so there.

use domain::ids::PaymentId;
use domain::payment::{Capture, Method, PaymentStatus, Verdict};
use domain::refund::{RefundStatus, RefundVerdict};
use memory::Provider;

use super::{Books, Holds, ensure};

pub(super) fn agrees(books: &Books, id: PaymentId, provider: &Provider) -> Holds {
    let Some(payment) = books.payments.get(&id) else { return Ok(()) };
    let (charged, amount) = (provider.charged(id), payment.money.amount.get());
    if let Method::Wallet { .. } = payment.method {
        let went_back = provider.refunded(id);
        return ensure((charged, went_back) == (0, 0), || format!("{id} is of a wallet and went to the provider"));
    }
    let may_be_part = payment.capture == Capture::Manual && (0..=amount).contains(&charged);
    let fits = charged == 0 || charged == amount || may_be_part;
    ensure(fits, || format!("{id} of {amount} was charged {charged}"))?;
    let fits = match payment.status {
        PaymentStatus::Processing | PaymentStatus::RequiresAction | PaymentStatus::RequiresCapture => true,
        PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
            charged == payment.captured
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled => charged == 0,
    };
    ensure(fits, || format!("{id} is {:?} and was charged {charged}", payment.status))?;
    let went_back = provider.refunded(id);
    let at_most = payment.refunded + payment.refunds_pending;
    let fits = (payment.refunded..=at_most).contains(&went_back);
    ensure(fits, || format!("of {id} {went_back} went back; booked is {} to {at_most}", payment.refunded))
}

/// Every charge and refund there is one of ours, of its amount, under its key.
pub(super) fn knows_only_ours(books: &Books, provider: &Provider) -> Holds {
    let mut charges = provider.charges();
    for payment in books.payments.values() {
        let Some(file) = charges.remove(&payment.provider_key()) else { continue };
        ensure(file.charge.money == payment.money, || format!("{} was charged {:?}", payment.id, file.charge.money))?;
        let Verdict::Succeeded { reference, .. } = &file.verdict else { continue };
        let is_known = payment.captured == 0 || payment.provider_reference.as_ref() == Some(reference);
        ensure(is_known, || format!("{} names another charge than {reference}", payment.id))?;
    }
    ensure(charges.is_empty(), || format!("charged for no payment: {charges:?}"))?;
    let mut refunds = provider.refunds();
    for refund in books.refunds.values() {
        let file = refunds.remove(&refund.provider_key());
        let is_of_wallet =
            books.payments.get(&refund.payment).is_some_and(|it| matches!(it.method, Method::Wallet { .. }));
        if is_of_wallet {
            ensure(file.is_none(), || format!("{} is of a wallet and went to the provider", refund.id))?;
            continue;
        }
        let went_back = file.as_ref().is_some_and(|file| matches!(file.verdict, RefundVerdict::Succeeded { .. }));
        let fits = match refund.status {
            RefundStatus::Processing => true,
            RefundStatus::Succeeded => went_back,
            RefundStatus::Failed => !went_back,
        };
        ensure(fits, || format!("{} is {:?} and went back: {went_back}", refund.id, refund.status))?;
        let is_same = file.is_none_or(|file| file.refund.money == refund.money);
        ensure(is_same, || format!("{} was refunded by another amount", refund.id))?;
    }
    ensure(refunds.is_empty(), || format!("refunded for no refund: {refunds:?}"))
}
