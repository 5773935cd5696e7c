//! Reading orders: by id within the tenant, and as lists by status, customer and time.

use domain::ids::{OrderId, TenantId};
use domain::metadata::Metadata;
use domain::money::{Amount, Money};
use domain::order::{LINES_MAX, Line, Order, OrderStatus};
use domain::text::Email;
use domain::time::Timestamp;
use ports::PortErrorKind;
use ports::clock::Clock;
use ports::commerce::{BATCH_MAX, Change, Consistency, OrderFilter};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::builders::{amount, currency, customer, order, text};
use crate::outcome::write_changes;
use crate::pages::{all_while, assert_lists};
use crate::rows::stored_order;
use crate::{CommerceTable, World};

const TICK: Duration = Duration::from_millis(1);

async fn create(table: CommerceTable<'_>, orders: &[Order], now: Timestamp) {
    for order in orders {
        write_changes(table.commerce, order.tenant, [Change::CreateOrder(order.clone())], now).await;
    }
}

fn newest_first(mut orders: Vec<Order>) -> Vec<Order> {
    orders.sort_by_key(|order| std::cmp::Reverse(order.id));
    orders
}

async fn assert_orders(table: CommerceTable<'_>, tenant: TenantId, filter: &OrderFilter, expected: &[Order]) {
    let what = format!("the orders of {filter:?}");
    assert_lists(&what, expected, async |page| table.orders.list(tenant, filter, page).await).await;
}

pub async fn every_field_of_an_order_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mint = world.mint();
    let line = |n: usize| Line {
        sku: text(&format!("SKU-{n}")),
        name: text("Zażółć gęślą jaźń, 東京"),
        quantity: n as u32 + 1,
        unit_amount: amount(7),
        amount: amount(7 * (n as i64 + 1)),
    };
    let plain = order(tenant, mint);
    let long = Order {
        lines: (0..LINES_MAX).map(line).collect(),
        total: Money { amount: amount(Amount::MAX), currency: currency("KWD") },
        held: Amount::MAX,
        updated_at: plain.created_at.plus(TICK),
        version: u64::from(u32::MAX) + 1,
        ..plain.clone()
    };
    let bare = Order { metadata: Metadata::default(), ..order(tenant, mint) };
    let in_every_state =
        OrderStatus::ALL.map(|status| Order { status, paid: 400, refunded: 30, ..order(tenant, mint) });

    for expected in [Order { id: mint.id(), ..long }, plain, bare].into_iter().chain(in_every_state) {
        create(table, std::slice::from_ref(&expected), world.now()).await;
        assert_eq!(stored_order(table, tenant, expected.id).await, Some(expected));
    }
}

pub async fn an_order_is_found_by_its_tenant_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (ours, theirs) = (order(tenant, world.mint()), order(other, world.mint()));
    create(table, &[ours.clone(), theirs.clone()], world.now()).await;

    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for (tenant, id, expected) in [
            (tenant, ours.id, Some(&ours)),
            (other, theirs.id, Some(&theirs)),
            (tenant, theirs.id, None),
            (other, ours.id, None),
            (tenant, world.id(), None),
        ] {
            let found = table.orders.get(tenant, id, consistency).await.expect("an order is read");
            assert_eq!(found.as_ref(), expected, "{consistency:?}");
        }
    }
    let by_customer = OrderFilter { customer: Some(ours.customer.email.clone()), ..OrderFilter::default() };
    let by_status = OrderFilter { status: Some(OrderStatus::Open), ..OrderFilter::default() };
    for filter in [OrderFilter::default(), by_status.clone(), by_customer.clone()] {
        assert_orders(table, tenant, &filter, std::slice::from_ref(&ours)).await;
    }
    assert_orders(table, other, &by_status, &[theirs]).await;
    assert_orders(table, other, &by_customer, &[]).await;
    assert_orders(table, world.tenant(), &OrderFilter::default(), &[]).await;
}

/// As many as a page has, and not one more.
pub async fn a_batch_finds_the_tenant_s_orders_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let make = |tenant| order(tenant, world.mint());
    let (ours, theirs) = ([make(tenant), make(tenant)], make(other));
    create(table, &ours, world.now()).await;
    create(table, std::slice::from_ref(&theirs), world.now()).await;

    let mut ids = BTreeSet::from([ours[0].id, ours[1].id, theirs.id]);
    ids.extend((ids.len()..BATCH_MAX).map(|_| world.id::<OrderId>()));
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        let found = table.orders.get_many(tenant, &ids, consistency).await.expect("orders are read");
        assert_eq!(newest_first(found), newest_first(ours.to_vec()), "{consistency:?}");
        let none = table.orders.get_many(tenant, &BTreeSet::new(), consistency).await.expect("none of none");
        assert_eq!(none, []);
    }
    ids.insert(world.id());
    let refused = table.orders.get_many(tenant, &ids, Consistency::Strong).await.map_err(|error| error.kind);
    assert_eq!(refused, Err(PortErrorKind::Rejected), "{} ids", ids.len());
}

/// Also of one millisecond, where the rest of the id decides.
pub async fn orders_come_newest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut orders = Vec::new();
    for _ in 0..4 {
        world.advance(TICK);
        orders.extend([order(tenant, world.mint()), order(tenant, world.mint())]);
    }
    create(table, &orders, world.now()).await;

    assert_orders(table, tenant, &OrderFilter::default(), &newest_first(orders)).await;
}

pub async fn pages_of_orders_stay_while_orders_arrive(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let filter = OrderFilter::default();
    let mut orders: Vec<Order> = Vec::new();
    for _ in 0..5 {
        world.advance(TICK);
        orders.push(order(tenant, world.mint()));
    }
    create(table, &orders, world.now()).await;

    let list = async |page| table.orders.list(tenant, &filter, page).await;
    let arrive = async || {
        world.advance(TICK);
        create(table, &[order(tenant, world.mint())], world.now()).await;
    };
    let seen = all_while(list, arrive).await;

    assert_eq!(seen, newest_first(orders), "orders that arrive while a list is read move none of its pages");
}

/// A change of state moves an order from one list to the other.
pub async fn an_order_is_listed_under_its_present_state(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let open = order(tenant, world.mint());
    create(table, std::slice::from_ref(&open), now).await;
    let cancelled = open.cancel(now).expect("an open order");
    write_changes(table.commerce, tenant, [Change::UpdateOrder(cancelled.clone())], now).await;

    let of = |status, customer| OrderFilter { status: Some(status), customer, ..OrderFilter::default() };
    for customer in [None, Some(open.customer.email.clone())] {
        assert_orders(table, tenant, &of(OrderStatus::Open, customer.clone()), &[]).await;
        assert_orders(table, tenant, &of(OrderStatus::Cancelled, customer), std::slice::from_ref(&cancelled)).await;
    }
}

/// Every combination of filters, `from` inclusive and `to` exclusive.
pub async fn filters_of_orders_apply_together(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let customers = [customer(world.mint()), customer(world.mint())];
    let mut orders = Vec::new();
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(world.advance(TICK));
        for customer in &customers {
            for status in [OrderStatus::Open, OrderStatus::Paid] {
                orders.push(Order { status, customer: customer.clone(), ..order(tenant, world.mint()) });
            }
        }
    }
    create(table, &orders, world.now()).await;
    let orders = newest_first(orders);

    let statuses = [None, Some(OrderStatus::Open), Some(OrderStatus::Cancelled)];
    let emails: [Option<Email>; 2] = [None, Some(customers[0].email.clone())];
    let bounds = [None, Some(times[1]), Some(times[2])];
    for status in statuses {
        for customer in &emails {
            for from in bounds {
                for to in bounds {
                    let filter = OrderFilter { status, customer: customer.clone(), from, to };
                    let expected: Vec<Order> = orders.iter().filter(|order| matches(order, &filter)).cloned().collect();
                    assert_orders(table, tenant, &filter, &expected).await;
                }
            }
        }
    }
}

fn matches(order: &Order, filter: &OrderFilter) -> bool {
    let OrderFilter { status, customer, from, to } = filter;
    status.is_none_or(|status| order.status == status)
        && customer.as_ref().is_none_or(|email| order.customer.email == *email)
        && from.is_none_or(|from| order.created_at >= from)
        && to.is_none_or(|to| order.created_at < to)
}
