//! A payment and its refunds add up, and their events tell exactly what happened.

use app::settle_refund::RefundKey;
use domain::dispute::DisputeStatus;
use domain::event::EventType;
use domain::ids::PaymentId;
use domain::payment::{Capture, Payment, PaymentStatus};
use domain::refund::{Refund, RefundStatus};

use super::{Books, Holds, ensure};

pub(super) fn hold(books: &Books, id: PaymentId) -> Holds {
    let payment = books.payments.get(&id).ok_or_else(|| format!("a refund is of no payment: {id}"))?;
    amounts(books, payment)?;
    state(payment)?;
    events(books, payment)?;
    books.refunds_of(id).try_for_each(|refund| refund_holds(books, payment, refund))
}

fn amounts(books: &Books, payment: &Payment) -> Holds {
    let Payment { id, captured, refunded, refunds_pending, .. } = payment;
    let sum = |status| {
        let of_status = books.refunds_of(*id).filter(|refund| refund.status == status);
        of_status.map(|refund| refund.money.amount.get()).sum::<i64>()
    };
    let (done, under_way) = (sum(RefundStatus::Succeeded), sum(RefundStatus::Processing));
    ensure(*refunded == done, || format!("{id} says {refunded} refunded, its refunds {done}"))?;
    ensure(*refunds_pending == under_way, || format!("{id} says {refunds_pending} pending, its refunds {under_way}"))?;
    let disputed: i64 = books
        .disputes_of(payment)
        .map(|it| if it.status == DisputeStatus::Won { 0 } else { it.money.amount.get() })
        .sum();
    ensure(payment.disputed == disputed, || {
        format!("{id} says {} disputed, its disputes {disputed}", payment.disputed)
    })?;
    ensure(refunded + refunds_pending <= *captured, || format!("{id} refunds more than the {captured} it captured"))
}

fn state(payment: &Payment) -> Holds {
    let Payment { id, status, capture, captured, refunded, check_at, failure, provider_reference, .. } = payment;
    let amount = payment.money.amount.get();
    let took = match capture {
        Capture::Automatic => *captured == amount,
        Capture::Manual => (1..=amount).contains(captured),
    };
    let fits = match status {
        PaymentStatus::Processing | PaymentStatus::RequiresAction | PaymentStatus::RequiresCapture => *captured == 0,
        PaymentStatus::Succeeded => took && *refunded == 0,
        PaymentStatus::PartiallyRefunded => took && (1..*captured).contains(refunded),
        PaymentStatus::Refunded => took && refunded == captured,
        PaymentStatus::Failed | PaymentStatus::Cancelled => *captured == 0 && *refunded == 0,
    };
    ensure(fits, || format!("{id} is {status:?} with {captured} captured and {refunded} refunded of {amount}"))?;
    let may_have_failed = match status {
        PaymentStatus::Failed => failure.is_some(),
        // Its hold may have outlived captures that were refused.
        PaymentStatus::Cancelled | PaymentStatus::RequiresCapture => true,
        _ => failure.is_none(),
    };
    ensure(may_have_failed, || format!("{id} is {status:?} for {failure:?}"))?;
    let is_awaited = status.is_open();
    ensure(check_at.is_some() == is_awaited, || format!("{id} is {status:?} and is asked after at {check_at:?}"))?;
    let is_known = *captured == 0 || provider_reference.is_some();
    ensure(is_known, || format!("{id} captured by a charge without a name"))
}

fn events(books: &Books, payment: &Payment) -> Holds {
    let Payment { id, status, captured, .. } = payment;
    let subject = id.to_string();
    let expected = [
        (EventType::PaymentCreated, true),
        (EventType::PaymentSucceeded, *captured > 0),
        (EventType::PaymentFailed, *status == PaymentStatus::Failed),
        (EventType::PaymentCancelled, *status == PaymentStatus::Cancelled),
    ];
    for (kind, is_due) in expected {
        let count = books.events_of(&subject, kind);
        ensure(count == usize::from(is_due), || {
            format!("{id} is {status:?} and has {count} events {}", kind.as_str())
        })?;
    }
    let waits = books.events_of(&subject, EventType::PaymentRequiresAction);
    ensure(waits <= 1, || format!("{id} has asked its customer {waits} times"))?;
    let cancels = books.events_of(&subject, EventType::PaymentCancelRequested);
    ensure(cancels <= 1, || format!("{id} was asked to be cancelled {cancels} times"))?;
    // A capture that is refused leaves it held again.
    let held = books.events_of(&subject, EventType::PaymentRequiresCapture);
    let asked = books.events_of(&subject, EventType::PaymentCaptureRequested);
    ensure(asked <= held && held <= asked + 1, || format!("{id} was held {held} times and to be captured {asked}"))
}

fn refund_holds(books: &Books, payment: &Payment, refund: &Refund) -> Holds {
    let Refund { id, tenant, order, money, status, .. } = refund;
    let is_of_payment = (payment.tenant, payment.order, payment.money.currency) == (*tenant, *order, money.currency);
    ensure(is_of_payment, || format!("{id} is not of the kind of {}", payment.id))?;
    let subject = RefundKey { tenant: *tenant, payment: payment.id, refund: *id }.subject();
    let expected = [
        (EventType::RefundCreated, true),
        (EventType::RefundSucceeded, *status == RefundStatus::Succeeded),
        (EventType::RefundFailed, *status == RefundStatus::Failed),
    ];
    for (kind, is_due) in expected {
        let count = books.events_of(&subject, kind);
        ensure(count == usize::from(is_due), || {
            format!("{id} is {status:?} and has {count} events {}", kind.as_str())
        })?;
    }
    Ok(())
}
