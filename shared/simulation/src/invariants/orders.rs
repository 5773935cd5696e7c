//! An order is what its payments make of it: held by those under way, paid by those that captured, refunded by what went
//! back of them (B15).

use domain::event::EventType;
use domain::ids::OrderId;
use domain::order::{Order, OrderStatus};

use super::{Books, Holds, ensure};

pub(super) fn hold(books: &Books, id: OrderId) -> Holds {
    let order = books.orders.get(&id).ok_or_else(|| format!("a payment is of no order: {id}"))?;
    amounts(books, order)?;
    state(order)?;
    events(books, order)
}

fn amounts(books: &Books, order: &Order) -> Holds {
    let Order { id, total, held, paid, refunded, .. } = order;
    let (mut under_way, mut captured, mut went_back) = (0, 0, 0);
    for payment in books.payments_of(*id) {
        let is_of_order = (payment.tenant, payment.money.currency) == (order.tenant, total.currency);
        ensure(is_of_order, || format!("{} is not of the kind of {id}", payment.id))?;
        under_way += if payment.status.is_open() { payment.money.amount.get() } else { 0 };
        captured += payment.captured;
        went_back += payment.refunded;
    }
    ensure(*held == under_way, || format!("{id} holds {held}, its payments under way are {under_way}"))?;
    ensure(*paid == captured, || format!("{id} says {paid} paid, its payments {captured}"))?;
    ensure(*refunded == went_back, || format!("{id} says {refunded} refunded, its payments {went_back}"))?;
    let (outstanding, total) = (order.outstanding(), total.amount.get());
    ensure((0..=total).contains(&outstanding), || format!("{id} has {outstanding} outstanding of {total}"))?;
    ensure(order.available() >= 0, || format!("{id} is promised more than its {total}"))
}

fn state(order: &Order) -> Holds {
    let Order { id, status, held, paid, refunded, .. } = order;
    let total = order.total.amount.get();
    let fits = match status {
        OrderStatus::Open => order.outstanding() > 0,
        OrderStatus::Paid | OrderStatus::Fulfilled => *held == 0 && *paid >= total && refunded < paid,
        OrderStatus::Refunded => *held == 0 && *paid >= total && refunded == paid,
        OrderStatus::Cancelled => *held == 0 && refunded == paid,
    };
    ensure(fits, || format!("{id} is {status:?} with {held} held, {paid} paid, {refunded} refunded of {total}"))
}

fn events(books: &Books, order: &Order) -> Holds {
    let Order { id, status, .. } = order;
    let subject = id.to_string();
    let was_paid = matches!(status, OrderStatus::Paid | OrderStatus::Fulfilled | OrderStatus::Refunded);
    let expected = [
        (EventType::OrderCreated, true),
        (EventType::OrderPaid, was_paid),
        (EventType::OrderCancelled, *status == OrderStatus::Cancelled),
        (EventType::OrderRefunded, *status == OrderStatus::Refunded),
    ];
    for (kind, is_due) in expected {
        let count = books.events_of(&subject, kind);
        ensure(count == usize::from(is_due), || {
            format!("{id} is {status:?} and has {count} events {}", kind.as_str())
        })?;
    }
    let fulfilled = books.events_of(&subject, EventType::OrderFulfilled);
    let fits = fulfilled <= 1 && (*status != OrderStatus::Fulfilled || fulfilled == 1);
    ensure(fits, || format!("{id} is {status:?} and was fulfilled {fulfilled} times"))
}
