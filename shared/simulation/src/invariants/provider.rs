//! The providers' books against ours: nobody is charged twice, be it at two, and what we call captured, failed and refunded
//! is so there, under our keys and names and for the reasons we give.

use domain::ids::PaymentId;
use domain::payment::{Capture, DeclineCode, Method, Payment, PaymentStatus, Verdict};
use domain::refund::{Refund, RefundStatus, RefundVerdict};

use super::{Books, Holds, ensure};
use crate::world::World;

pub(super) fn agrees(books: &Books, id: PaymentId, world: &World) -> Holds {
    let Some(payment) = books.payments.get(&id) else { return Ok(()) };
    let providers = [&world.provider, &world.second];
    if let Method::Wallet { .. } = payment.method {
        let key = payment.provider_key();
        let charge = providers.iter().find_map(|provider| provider.charge_on_file(&key));
        let refund = books.refunds_of(id).find_map(|refund| {
            let key = refund.provider_key();
            providers.iter().find_map(|provider| provider.refund_on_file(&key))
        });
        let is_ours_alone = charge.is_none() && refund.is_none();
        return ensure(is_ours_alone, || format!("{id} is of a wallet and went to a provider: {charge:?}, {refund:?}"));
    }
    let [at_first, at_second] = providers.map(|provider| provider.charged(id));
    ensure(at_first == 0 || at_second == 0, || format!("{id} was charged at both: {at_first} and {at_second}"))?;
    let (charged, amount) = (at_first + at_second, payment.money.amount.get());
    let may_be_part = payment.capture == Capture::Manual && (0..=amount).contains(&charged);
    let fits = charged == 0 || charged == amount || may_be_part;
    ensure(fits, || format!("{id} of {amount} was charged {charged}"))?;
    verdict(world, payment)?;
    let went_back = world.provider.refunded(id) + world.second.refunded(id);
    let at_most = payment.refunded + payment.refunds_pending;
    let fits = (payment.refunded..=at_most).contains(&went_back);
    ensure(fits, || format!("of {id} {went_back} went back; booked is {} to {at_most}", payment.refunded))?;
    books.refunds_of(id).try_for_each(|refund| refund_agrees(world, refund))
}

fn verdict(world: &World, payment: &Payment) -> Holds {
    let Payment { id, money, status, failure, provider_reference, .. } = payment;
    let key = payment.provider_key();
    let file = world.provider.charge_on_file(&key).or_else(|| world.second.charge_on_file(&key));
    let is_same = file.as_ref().is_none_or(|file| file.charge.money == *money);
    ensure(is_same, || format!("{id} is of {money:?} and is on file as {file:?}"))?;
    let told = file.as_ref().map(|file| &file.verdict);
    let fits = match status {
        PaymentStatus::Processing | PaymentStatus::RequiresAction | PaymentStatus::RequiresCapture => true,
        PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
            matches!(told, Some(Verdict::Succeeded { reference, captured })
                if provider_reference.as_ref() == Some(reference) && captured.get() == payment.captured)
        }
        PaymentStatus::Failed => match told {
            Some(Verdict::Declined { code }) => *failure == Some(*code),
            Some(Verdict::Cancelled) => *failure == Some(DeclineCode::AuthenticationExpired),
            None => *failure == Some(DeclineCode::NoProvider),
            _ => false,
        },
        PaymentStatus::Cancelled => matches!(told, Some(Verdict::Cancelled)),
    };
    ensure(fits, || format!("{id} is {status:?} with {failure:?}, {provider_reference:?}; the provider says {told:?}"))
}

fn refund_agrees(world: &World, refund: &Refund) -> Holds {
    let Refund { id, status, .. } = refund;
    let key = refund.provider_key();
    let file = world.provider.refund_on_file(&key).or_else(|| world.second.refund_on_file(&key));
    let is_same = file.as_ref().is_none_or(|file| file.refund.money == refund.money);
    ensure(is_same, || format!("{id} was refunded by another amount: {file:?}"))?;
    let verdict = file.as_ref().map(|file| &file.verdict);
    let (went_back, was_refused) = match verdict {
        Some(RefundVerdict::Succeeded { .. }) => (true, false),
        Some(RefundVerdict::Refused { .. }) => (false, true),
        Some(RefundVerdict::Pending { .. }) => (false, false),
        None => (false, world.refusals.has_refused(&key)),
    };
    let fits = match status {
        RefundStatus::Processing => true,
        RefundStatus::Succeeded => went_back,
        RefundStatus::Failed => was_refused,
    };
    ensure(fits, || format!("{id} is {status:?}; it went back: {went_back}, it was refused: {was_refused}"))
}

/// The same of a charge by its key, and that the key is of a payment there is.
pub(super) fn has_moved(books: &Books, key: &str, world: &World) -> Holds {
    let payment = key.rsplit_once('-').and_then(|(payment, _)| payment.parse().ok());
    let known = payment.filter(|id| books.payments.contains_key(id));
    match known {
        Some(id) => agrees(books, id, world),
        None => Err(format!("charged for no payment: {key}")),
    }
}

/// Every charge and refund there is one of ours, under its key.
pub(super) fn knows_only_ours(books: &Books, world: &World) -> Holds {
    let mut charges = world.provider.charges();
    for (key, file) in world.second.charges() {
        ensure(charges.insert(key.clone(), file).is_none(), || format!("both providers have a charge of {key}"))?;
    }
    books.payments.values().for_each(|payment| drop(charges.remove(&payment.provider_key())));
    ensure(charges.is_empty(), || format!("charged for no payment: {charges:?}"))?;
    let mut refunds = world.provider.refunds();
    refunds.extend(world.second.refunds());
    books.refunds.values().for_each(|refund| drop(refunds.remove(&refund.provider_key())));
    ensure(refunds.is_empty(), || format!("refunded for no refund: {refunds:?}"))
}
