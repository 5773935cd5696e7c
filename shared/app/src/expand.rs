//! Showing other resources beside their ids: `?expand[]=payment.order`. Each level is one batch read for a whole page, never
//! a read for each item. The others come from the table: their cache entries are not what the admission brought.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Action;
use domain::ids::{OrderId, PaymentId, TenantId};
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use ports::PortError;
use ports::commerce::{Consistency, Orders, Payments};
use serde_json::Value;

use crate::Error;

/// What can be shown: a path of nouns, two at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    Order,
    Payment,
    /// The payment as well.
    PaymentOrder,
}

impl Path {
    pub const OF_PAYMENT: &'static [Self] = &[Self::Order];
    pub const OF_REFUND: &'static [Self] = &[Self::Order, Self::Payment, Self::PaymentOrder];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::PaymentOrder => "payment.order",
        }
    }

    /// What it takes to read all that it shows.
    pub fn actions(self) -> &'static [Action] {
        match self {
            Self::Order => &[Action::OrderRead],
            Self::Payment => &[Action::PaymentRead],
            Self::PaymentOrder => &[Action::PaymentRead, Action::OrderRead],
        }
    }
}

/// A payment's JSON, as an answer or the cache has it, and the order it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPayment {
    body: String,
    order: Option<OrderId>,
}

impl From<&Payment> for ShownPayment {
    fn from(payment: &Payment) -> Self {
        Self { body: api::payment(payment), order: payment.order }
    }
}

impl From<String> for ShownPayment {
    fn from(body: String) -> Self {
        let shown: Value = serde_json::from_str(&body).unwrap_or_default();
        let order = shown["order_id"].as_str().and_then(|id| id.parse().ok());
        Self { body, order }
    }
}

/// The payments' JSON with what is wanted beside it, in their order.
pub async fn payments(
    orders: &dyn Orders,
    tenant: TenantId,
    wanted: &[Path],
    shown: Vec<ShownPayment>,
) -> Result<Vec<String>, Error> {
    if !wanted.contains(&Path::Order) {
        return Ok(shown.into_iter().map(|payment| payment.body).collect());
    }
    let found = find_orders(orders, tenant, shown.iter().filter_map(|payment| payment.order)).await?;
    Ok(shown.into_iter().map(|ShownPayment { body, order }| with_order(&body, order, &found)).collect())
}

/// The refunds' JSON with what is wanted beside it, in their order.
pub async fn refunds(
    payments: &dyn Payments,
    orders: &dyn Orders,
    tenant: TenantId,
    wanted: &[Path],
    refunds: &[Refund],
) -> Result<Vec<String>, Error> {
    let [order, payment, payment_order] =
        [Path::Order, Path::Payment, Path::PaymentOrder].map(|path| wanted.contains(&path));
    let found_payments = match payment || payment_order {
        true => find_payments(payments, tenant, refunds.iter().map(|refund| refund.payment)).await?,
        false => BTreeMap::new(),
    };
    let own_orders = refunds.iter().filter(|_| order).filter_map(|refund| refund.order);
    let payments_orders = found_payments.values().filter(|_| payment_order).filter_map(|payment| payment.order);
    let found_orders = find_orders(orders, tenant, own_orders.chain(payments_orders)).await?;

    let payment_body = |payment: &Payment| {
        let body = api::payment(payment);
        if payment_order { with_order(&body, payment.order, &found_orders) } else { body }
    };
    let show = |refund: &Refund| {
        let mut body = api::refund(refund);
        if order {
            body = with_order(&body, refund.order, &found_orders);
        }
        if payment || payment_order {
            let found = found_payments.get(&refund.payment).map(payment_body);
            body = api::beside(&body, "payment", found.as_deref());
        }
        body
    };
    Ok(refunds.iter().map(show).collect())
}

fn with_order(body: &str, id: Option<OrderId>, found: &BTreeMap<OrderId, Order>) -> String {
    let order = id.and_then(|id| found.get(&id)).map(api::order);
    api::beside(body, "order", order.as_deref())
}

async fn find_orders(
    orders: &dyn Orders,
    tenant: TenantId,
    ids: impl Iterator<Item = OrderId>,
) -> Result<BTreeMap<OrderId, Order>, Error> {
    let load = async |ids: &BTreeSet<OrderId>, consistency| orders.get_many(tenant, ids, consistency).await;
    find(ids.collect(), load, |order| order.id).await
}

async fn find_payments(
    payments: &dyn Payments,
    tenant: TenantId,
    ids: impl Iterator<Item = PaymentId>,
) -> Result<BTreeMap<PaymentId, Payment>, Error> {
    let load = async |ids: &BTreeSet<PaymentId>, consistency| payments.get_many(tenant, ids, consistency).await;
    find(ids.collect(), load, |payment| payment.id).await
}

/// By id. Those that an eventually consistent read does not find are looked for once more, strongly: they may be new.
async fn find<Id: Ord + Copy, T>(
    mut ids: BTreeSet<Id>,
    load: impl AsyncFn(&BTreeSet<Id>, Consistency) -> Result<Vec<T>, PortError>,
    id_of: impl Fn(&T) -> Id,
) -> Result<BTreeMap<Id, T>, Error> {
    let mut found = BTreeMap::new();
    for consistency in [Consistency::Eventual, Consistency::Strong] {
        if ids.is_empty() {
            break;
        }
        let some = load(&ids, consistency).await?;
        found.extend(some.into_iter().map(|item| (id_of(&item), item)));
        ids.retain(|id| !found.contains_key(id));
    }
    Ok(found)
}
