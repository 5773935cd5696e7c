//! The order's decisions as tables: a row per refusal, in order of precedence.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_000);

fn line(quantity: u32, unit_amount: i64, claimed_amount: Option<i64>) -> NewLine {
    NewLine {
        sku: Sku::parse("sku").expect("valid"),
        name: Name::parse("Thing").expect("valid"),
        quantity,
        unit_amount: Amount::new(unit_amount).expect("valid"),
        claimed_amount,
    }
}

fn new_order(lines: Vec<NewLine>, claimed_total: Option<i64>) -> Result<Order, Vec<FieldError>> {
    let customer =
        Customer { email: Email::parse("c@shop.example").expect("valid"), name: Name::parse("C").expect("valid") };
    let currency = Currency::parse("EUR").expect("valid");
    let input = NewOrder { currency, customer, lines, claimed_total, metadata: Metadata::default() };
    Order::new(OrderId::from_u128(1), TenantId::from_u128(1), input, NOW)
}

fn order(total: i64) -> Order {
    new_order(vec![line(1, total, None)], None).expect("valid")
}

fn eur(amount: i64) -> Money {
    Money { amount: Amount::new(amount).expect("valid"), currency: Currency::parse("EUR").expect("valid") }
}

fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units).expect("valid")
}

#[test]
fn sums_are_the_servers() {
    let refusal = |result: Result<Order, Vec<FieldError>>| {
        result
            .map(|order| order.total.amount.get())
            .map_err(|errors| errors.into_iter().map(|e| format!("{} {}", e.pointer, e.code)).collect::<Vec<_>>())
    };
    assert_eq!(refusal(new_order(vec![line(2, 500, Some(1000)), line(1, 99, None)], Some(1099))), Ok(1099));
    assert_eq!(
        refusal(new_order(vec![line(2, 500, Some(999))], None)),
        Err(vec!["/lines/0/amount amount_mismatch".into()])
    );
    assert_eq!(
        refusal(new_order(vec![line(2, 500, None)], Some(999))),
        Err(vec!["/total_amount amount_mismatch".into()])
    );
    assert_eq!(refusal(new_order(vec![], None)), Err(vec!["/total_amount too_short".into()]));
    assert_eq!(
        refusal(new_order(vec![line(2, Amount::MAX, None)], None)),
        Err(vec!["/lines/0/amount too_large".into()])
    );
}

#[test]
fn a_hold_is_refused_by_state_then_currency_then_amount() {
    let usd = Money { amount: amount(5_000), currency: Currency::parse("USD").expect("valid") };
    let open = order(1_000);
    let cancelled = open.cancel(NOW).expect("open");
    assert_eq!(
        cancelled.hold(usd, NOW),
        Err(OrderRefusal::IllegalMove { current: OrderStatus::Cancelled, allowed: &[] })
    );
    assert!(matches!(open.hold(usd, NOW), Err(OrderRefusal::CurrencyMismatch { .. })));
    assert_eq!(open.hold(eur(1_001), NOW), Err(OrderRefusal::AmountExceedsOutstanding { available: 1_000 }));
    let held = open.hold(eur(600), NOW).expect("fits");
    assert_eq!(held.hold(eur(401), NOW), Err(OrderRefusal::AmountExceedsOutstanding { available: 400 }));
    assert_eq!((held.held, held.version), (600, 2));
}

#[test]
fn the_life_of_an_order() {
    let held = order(1_000).hold(eur(1_000), NOW).expect("fits");
    assert_eq!(held.cancel(NOW), Err(OrderRefusal::PaymentInProgress));
    assert_eq!(held.release(amount(1_000), NOW).available(), 1_000);

    let paid = held.settle(amount(1_000), amount(1_000), NOW);
    assert_eq!((paid.status, paid.outstanding()), (OrderStatus::Paid, 0));
    let refusal = OrderRefusal::IllegalMove { current: OrderStatus::Paid, allowed: OrderStatus::Paid.next() };
    assert_eq!(refusal.to_string(), "the order is paid; from there it may become: fulfilled, refunded");
    assert_eq!(paid.cancel(NOW), Err(refusal));

    let fulfilled = paid.fulfil(NOW).expect("paid");
    let partly = fulfilled.refund(amount(400), NOW);
    assert_eq!((partly.status, partly.outstanding()), (OrderStatus::Fulfilled, 400));
    assert_eq!(partly.refund(amount(600), NOW).status, OrderStatus::Refunded);
}

#[test]
fn a_partly_paid_order_is_cancelled_only_after_its_refund() {
    let partly = order(1_000).hold(eur(400), NOW).expect("fits").settle(amount(400), amount(400), NOW);
    assert_eq!(partly.status, OrderStatus::Open);
    assert_eq!(partly.cancel(NOW), Err(OrderRefusal::HasPayments));
    assert_eq!(partly.refund(amount(400), NOW).cancel(NOW).map(|o| o.status), Ok(OrderStatus::Cancelled));
}

proptest! {
    #[test]
    fn no_sequence_of_payments_takes_more_than_the_total(amounts in prop::collection::vec((1..2_000_i64, any::<bool>()), 1..40)) {
        let mut current = order(5_000);
        for (minor_units, succeeds) in amounts {
            if let Ok(held) = current.hold(eur(minor_units), NOW) {
                current = if succeeds { held.settle(amount(minor_units), amount(minor_units), NOW) } else { held.release(amount(minor_units), NOW) };
            }
            prop_assert!(current.held == 0 && current.paid <= 5_000 && current.available() >= 0);
            prop_assert_eq!(current.status == OrderStatus::Paid, current.paid == 5_000);
        }
    }
}
