//! What the store decides on the stored row, without a read before: holding part of an order, reserving part of a payment
//! for a refund. Refused by the domain's own rules; parallel ones never promise more than there is.

use domain::ids::TenantId;
use domain::money::Money;
use domain::order::{Order, OrderRefusal, OrderStatus};
use domain::payment::{Payment, PaymentRefusal, PaymentStatus};
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::{Change, Commit};
use std::time::Duration;

use crate::builders::{amount, captured_payment, currency, eur, order, payment, record, refund};
use crate::outcome::{Outcome, changes, commit, write_changes};
use crate::rows::{stored_order, stored_payment};
use crate::{CommerceTable, World};

const MOMENT: Duration = Duration::from_millis(5);
/// So many of the total of 1,000 ask for a part of 300 each: three fit.
const RIVALS: usize = 8;
const PART: i64 = 300;
const FIT: usize = 3;

async fn hold(table: CommerceTable<'_>, tenant: TenantId, order: &Order, money: Money, world: &World) -> Outcome {
    let change = Change::HoldOrder { order: order.id, money };
    commit(table.commerce, changes(tenant, [change], world.now())).await
}

async fn reserve(table: CommerceTable<'_>, tenant: TenantId, payment: &Payment, part: i64, world: &World) -> Outcome {
    let change = Change::ReserveRefund { payment: payment.id, amount: amount(part) };
    commit(table.commerce, changes(tenant, [change], world.now())).await
}

pub async fn a_hold_changes_the_order_as_the_domain_does(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let created = order(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreateOrder(created.clone())], world.now()).await;

    let mut expected = created;
    for part in [200, 300, 500] {
        let now = world.advance(MOMENT);
        assert_eq!(hold(table, tenant, &expected, eur(part), &world).await, Outcome::Done);
        expected = expected.hold(eur(part), now).expect("the order has as much left");
        assert_eq!(stored_order(table, tenant, expected.id).await, Some(expected.clone()));
    }
}

/// By state, then by currency, then by amount; the refusal shows the stored order.
pub async fn holds_are_refused_by_state_currency_amount(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let dollars = |part| Money { amount: amount(part), currency: currency("USD") };
    for status in OrderStatus::ALL {
        let stored = Order { status, held: 100, paid: 300, refunded: 50, ..order(tenant, world.mint()) };
        write_changes(table.commerce, tenant, [Change::CreateOrder(stored.clone())], now).await;
        for money in [dollars(5_000), dollars(1), eur(5_000), eur(651), eur(650)] {
            let told = hold(table, tenant, &stored, money, &world).await;
            match stored.hold(money, now) {
                Ok(held) => {
                    assert_eq!(told, Outcome::Done, "{status:?}, {money:?}");
                    assert_eq!(stored_order(table, tenant, stored.id).await, Some(held));
                }
                Err(refusal) => {
                    assert_eq!(told, Outcome::OrderRefused(refusal), "{status:?}, {money:?}");
                    assert_eq!(
                        stored_order(table, tenant, stored.id).await,
                        Some(stored.clone()),
                        "a refused hold changed the order"
                    );
                }
            }
        }
    }
}

pub async fn an_order_of_nobody_is_not_held(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let theirs = order(other, world.mint());
    write_changes(table.commerce, other, [Change::CreateOrder(theirs.clone())], world.now()).await;

    assert_eq!(hold(table, tenant, &theirs, eur(1), &world).await, Outcome::OrderMissing, "another tenant's order");
    assert_eq!(hold(table, tenant, &order(tenant, world.mint()), eur(1), &world).await, Outcome::OrderMissing);
    assert_eq!(stored_order(table, other, theirs.id).await, Some(theirs.clone()));
    assert_eq!(stored_order(table, tenant, theirs.id).await, None, "a refused hold made an order");
}

/// Each as `POST /payments` does it: a record, a payment and a hold.
pub async fn parallel_holds_never_exceed_the_total(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let order = order(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreateOrder(order.clone())], now).await;
    let payments: Vec<Payment> = (0..RIVALS)
        .map(|_| Payment { order: Some(order.id), money: eur(PART), ..payment(tenant, world.mint()) })
        .collect();

    let told = join_all(payments.iter().map(|payment| {
        let held = Change::HoldOrder { order: order.id, money: payment.money };
        let list = vec![held, Change::CreatePayment(payment.clone())];
        let paying = Commit { tenant, record: Some(record(world.mint())), changes: list, events: Vec::new(), now };
        commit(table.commerce, paying)
    }))
    .await;

    let available = order.total.amount.get() - FIT as i64 * PART;
    let refused = Outcome::OrderRefused(OrderRefusal::AmountExceedsOutstanding { available });
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), FIT, "parallel holds: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == refused).count(), RIVALS - FIT, "parallel holds: {told:?}");
    let stored = stored_order(table, tenant, order.id).await.expect("the order exists");
    assert_eq!((stored.held, stored.version), (FIT as i64 * PART, 1 + FIT as u64));
    for (payment, told) in payments.iter().zip(&told) {
        let exists = stored_payment(table, tenant, payment.id).await.is_some();
        assert_eq!(exists, *told == Outcome::Done, "a payment exists exactly when its hold stands");
    }
}

pub async fn a_reservation_changes_the_payment_as_the_domain_does(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let created = captured_payment(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreatePayment(created.clone())], world.now()).await;

    let mut expected = created;
    for part in [200, 300, 500] {
        let now = world.advance(MOMENT);
        assert_eq!(reserve(table, tenant, &expected, part, &world).await, Outcome::Done);
        expected = expected.reserve_refund(amount(part), now).expect("the payment has as much left");
        assert_eq!(stored_payment(table, tenant, expected.id).await, Some(expected.clone()));
    }
}

/// By state, then by amount; the refusal shows the stored payment.
pub async fn reservations_are_refused_by_state_amount(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    for status in PaymentStatus::ALL {
        let captured = captured_payment(tenant, world.mint());
        let stored = Payment { status, refunded: 100, refunds_pending: 50, ..captured };
        write_changes(table.commerce, tenant, [Change::CreatePayment(stored.clone())], now).await;
        for part in [5_000, 851, 850] {
            let told = reserve(table, tenant, &stored, part, &world).await;
            match stored.reserve_refund(amount(part), now) {
                Ok(reserved) => {
                    assert_eq!(told, Outcome::Done, "{status:?}, {part}");
                    assert_eq!(stored_payment(table, tenant, stored.id).await, Some(reserved));
                }
                Err(refusal) => {
                    assert_eq!(told, Outcome::PaymentRefused(refusal), "{status:?}, {part}");
                    assert_eq!(
                        stored_payment(table, tenant, stored.id).await,
                        Some(stored.clone()),
                        "a refused reservation changed it"
                    );
                }
            }
        }
    }
}

pub async fn a_payment_of_nobody_is_not_refunded(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let theirs = captured_payment(other, world.mint());
    write_changes(table.commerce, other, [Change::CreatePayment(theirs.clone())], world.now()).await;

    assert_eq!(reserve(table, tenant, &theirs, 1, &world).await, Outcome::PaymentMissing, "another tenant's payment");
    let unknown = captured_payment(tenant, world.mint());
    assert_eq!(reserve(table, tenant, &unknown, 1, &world).await, Outcome::PaymentMissing);
    assert_eq!(stored_payment(table, other, theirs.id).await, Some(theirs.clone()));
    assert_eq!(stored_payment(table, tenant, theirs.id).await, None, "a refused reservation made a payment");
}

/// Each as `POST /payments/{id}/refunds` does it: a record, a refund and a reservation.
pub async fn parallel_reservations_never_exceed_what_was_captured(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let payment = captured_payment(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreatePayment(payment.clone())], now).await;

    let told = join_all((0..RIVALS).map(|_| {
        let reserved = Change::ReserveRefund { payment: payment.id, amount: amount(PART) };
        let list = vec![reserved, Change::CreateRefund(refund(&payment, world.mint()))];
        let refunding = Commit { tenant, record: Some(record(world.mint())), changes: list, events: Vec::new(), now };
        commit(table.commerce, refunding)
    }))
    .await;

    let refundable = payment.captured - FIT as i64 * PART;
    let refused = Outcome::PaymentRefused(PaymentRefusal::AmountExceedsRefundable { refundable });
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), FIT, "parallel reservations: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == refused).count(), RIVALS - FIT, "parallel reservations: {told:?}");
    let stored = stored_payment(table, tenant, payment.id).await.expect("the payment exists");
    assert_eq!((stored.refunds_pending, stored.version), (FIT as i64 * PART, 1 + FIT as u64));
}
