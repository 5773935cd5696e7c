//! Orders: their item, their lists, and the hold that needs no read before.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, Update};
use domain::ids::{OrderId, TenantId};
use domain::money::{Amount, Currency, Money};
use domain::order::{Customer, Line, Order, OrderStatus};
use domain::page::{Page, PageRequest};
use domain::text::{Email, Name, Sku};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{CommitError, Consistency, OrderFilter, Orders};
use serde::{Deserialize, Serialize};

use super::key::{IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use super::transact::{built, contradiction};
use super::{Attributes, CommerceTable, Table, number, text};

#[async_trait]
impl Orders for CommerceTable {
    async fn get(&self, tenant: TenantId, id: OrderId, consistency: Consistency) -> Result<Option<Order>, PortError> {
        self.0.get("get an order", Key::order(tenant, id), consistency).await
    }

    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<OrderId>,
        consistency: Consistency,
    ) -> Result<Vec<Order>, PortError> {
        let keys = ids.iter().map(|id| Key::order(tenant, *id)).collect();
        self.0.get_many("get orders", keys, consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &OrderFilter,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>, PortError> {
        let OrderFilter { status, customer, from, to } = filter;
        let (partition, filter) = match (customer, status) {
            (None, None) => (Partition::orders(tenant), None),
            (None, Some(status)) => (Partition::orders_with_status(tenant, *status), None),
            (Some(customer), None) => (Partition::orders_of_customer(tenant, customer), None),
            (Some(customer), Some(status)) => {
                (Partition::orders_of_customer(tenant, customer), Some(("status", text(status.as_str()))))
            }
        };
        let listing =
            Listing { partition, from: from.map(OrderId::floor_at), to: to.map(OrderId::floor_at), page, filter };
        self.0.page("list orders", listing).await
    }
}

/// [`Order::hold`] as one conditional update. A moment before the stored `updated_at` is written as it is given: clocks of
/// two functions may differ by milliseconds.
pub(super) fn hold(
    table: &Table,
    tenant: TenantId,
    id: OrderId,
    money: Money,
    now: Timestamp,
) -> Result<Update, PortError> {
    let Money { amount, currency } = money;
    let update = Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::order(tenant, id).into_attributes()))
        .condition_expression("#status = :open AND #currency = :currency AND #available >= :amount")
        .update_expression(
            "SET #held = #held + :amount, #available = #available - :amount, #version = #version + :one, #updated = :now",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#currency", "currency")
        .expression_attribute_names("#available", "available")
        .expression_attribute_names("#held", "held")
        .expression_attribute_names("#version", "version")
        .expression_attribute_names("#updated", "updated_at_ms")
        .expression_attribute_values(":open", text(OrderStatus::Open.as_str()))
        .expression_attribute_values(":currency", text(currency.code()))
        .expression_attribute_values(":amount", number(amount.get()))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":now", number(ms(now)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    built(update.build())
}

/// Why the hold's condition failed, as the domain says it of the item that failed it.
pub(super) fn hold_refused(item: Option<Attributes>, money: Money, now: Timestamp) -> CommitError {
    let Some(item) = item else { return CommitError::OrderMissing };
    match decode::<Order>(item).map(|order| order.hold(money, now)) {
        Ok(Err(refusal)) => CommitError::OrderRefused(refusal),
        Ok(Ok(_)) => CommitError::Port(contradiction("hold an order")),
        Err(error) => CommitError::Port(error),
    }
}

impl Stored for Order {
    const KIND: Kind = Kind::Order;
    type Record = OrderRecord;

    fn key(&self) -> Key {
        Key::order(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        vec![
            IndexKey::order_status(self.tenant, self.status, self.id),
            IndexKey::order_customer(self.tenant, &self.customer.email, self.id),
        ]
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    id: String,
    tenant: String,
    status: String,
    customer_email: String,
    customer_name: String,
    lines: Vec<LineRecord>,
    total: i64,
    currency: String,
    held: i64,
    paid: i64,
    refunded: i64,
    /// [`Order::available`]: stored because a condition cannot do sums.
    available: i64,
    metadata: BTreeMap<String, String>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct LineRecord {
    sku: String,
    name: String,
    quantity: u32,
    unit_amount: i64,
    amount: i64,
}

impl From<&Order> for OrderRecord {
    fn from(order: &Order) -> Self {
        let Order {
            id,
            tenant,
            status,
            customer: Customer { email, name },
            lines,
            total: Money { amount, currency },
            held,
            paid,
            refunded,
            metadata,
            created_at,
            updated_at,
            version,
        } = order;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            status: status.as_str().to_owned(),
            customer_email: email.as_str().to_owned(),
            customer_name: name.as_str().to_owned(),
            lines: lines.iter().map(LineRecord::from).collect(),
            total: amount.get(),
            currency: currency.code().to_owned(),
            held: *held,
            paid: *paid,
            refunded: *refunded,
            available: order.available(),
            metadata: metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl From<&Line> for LineRecord {
    fn from(line: &Line) -> Self {
        let Line { sku, name, quantity, unit_amount, amount } = line;
        Self {
            sku: sku.as_str().to_owned(),
            name: name.as_str().to_owned(),
            quantity: *quantity,
            unit_amount: unit_amount.get(),
            amount: amount.get(),
        }
    }
}

impl TryFrom<OrderRecord> for Order {
    type Error = Unreadable;

    fn try_from(record: OrderRecord) -> Result<Self, Unreadable> {
        let OrderRecord {
            id,
            tenant,
            status,
            customer_email,
            customer_name,
            lines,
            total,
            currency,
            held,
            paid,
            refunded,
            available: _,
            metadata,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Order);
        let currency = reader.valid("currency", Currency::parse(&currency))?;
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            status: reader.known("status", OrderStatus::parse(&status))?,
            customer: Customer {
                email: reader.valid("customer_email", Email::parse(&customer_email))?,
                name: reader.valid("customer_name", Name::parse(&customer_name))?,
            },
            lines: lines.into_iter().map(|line| line.read(reader)).collect::<Result<_, _>>()?,
            total: Money { amount: reader.valid("total", Amount::new(total))?, currency },
            held,
            paid,
            refunded,
            metadata: reader.metadata(metadata)?,
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}

impl LineRecord {
    fn read(self, reader: Reader) -> Result<Line, Unreadable> {
        let Self { sku, name, quantity, unit_amount, amount } = self;
        Ok(Line {
            sku: reader.valid("lines.sku", Sku::parse(&sku))?,
            name: reader.valid("lines.name", Name::parse(&name))?,
            quantity,
            unit_amount: reader.valid("lines.unit_amount", Amount::new(unit_amount))?,
            amount: reader.valid("lines.amount", Amount::new(amount))?,
        })
    }
}
