//! The providers' books against ours: nobody is charged twice, be it at two of them, and what we call captured, failed and refunded is so there.

use std::collections::BTreeMap;

use domain::ids::PaymentId;
use domain::payment::{Capture, PaymentStatus, Verdict};
use domain::refund::{RefundStatus, RefundVerdict};
use memory::Provider;

use super::{Books, Holds, ensure};

pub(super) fn agrees(books: &Books, id: PaymentId, providers: [&Provider; 2]) -> Holds {
    let Some(payment) = books.payments.get(&id) else { return Ok(()) };
    let [at_first, at_second] = providers.map(|provider| provider.charged(id));
    ensure(at_first == 0 || at_second == 0, || format!("{id} was charged at both: {at_first} and {at_second}"))?;
    let (charged, amount) = (at_first + at_second, payment.money.amount.get());
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
    let went_back: i64 = providers.iter().map(|provider| provider.refunded(id)).sum();
    let at_most = payment.refunded + payment.refunds_pending;
    let fits = (payment.refunded..=at_most).contains(&went_back);
    ensure(fits, || format!("of {id} {went_back} went back; booked is {} to {at_most}", payment.refunded))
}

/// Every charge and refund there is one of ours, of its amount, under its key.
pub(super) fn knows_only_ours(books: &Books, providers: [&Provider; 2]) -> Holds {
    let [mut charges, at_second] = providers.map(Provider::charges);
    for (key, file) in at_second {
        ensure(charges.insert(key.clone(), file).is_none(), || format!("both providers have a charge of {key}"))?;
    }
    for payment in books.payments.values() {
        let Some(file) = charges.remove(&payment.provider_key()) else { continue };
        ensure(file.charge.money == payment.money, || format!("{} was charged {:?}", payment.id, file.charge.money))?;
        let Verdict::Succeeded { reference, .. } = &file.verdict else { continue };
        let is_known = payment.captured == 0 || payment.provider_reference.as_ref() == Some(reference);
        ensure(is_known, || format!("{} names another charge than {reference}", payment.id))?;
    }
    ensure(charges.is_empty(), || format!("charged for no payment: {charges:?}"))?;
    let mut refunds: BTreeMap<_, _> = providers.into_iter().flat_map(Provider::refunds).collect();
    for refund in books.refunds.values() {
        let file = refunds.remove(&refund.provider_key());
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
