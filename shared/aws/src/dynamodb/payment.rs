//! Payments: their item, their lists, and the reservation of a refund that needs no read before.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, Update};
use domain::ids::{PaymentId, TenantId};
use domain::money::{Amount, Money};
use domain::page::{Page, PageRequest};
use domain::payment::{Asked, Capture, DeclineCode, Method, Payment, PaymentStatus, Route};
use domain::secret::Secret;
use domain::text::Description;
use domain::time::Timestamp;
use ports::commerce::{CommitError, Consistency, PaymentFilter, Payments};
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::key::{IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use super::transact::{built, contradiction};
use super::{Attributes, CommerceTable, Table, number, text};

#[async_trait]
impl Payments for CommerceTable {
    async fn get(
        &self,
        tenant: TenantId,
        id: PaymentId,
        consistency: Consistency,
    ) -> Result<Option<Payment>, PortError> {
        self.0.get("get a payment", Key::payment(tenant, id), consistency).await
    }

    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<PaymentId>,
        consistency: Consistency,
    ) -> Result<Vec<Payment>, PortError> {
        let keys = ids.iter().map(|id| Key::payment(tenant, *id)).collect();
        self.0.get_many("get payments", keys, consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &PaymentFilter,
        page: PageRequest<PaymentId>,
        consistency: Consistency,
    ) -> Result<Page<Payment, PaymentId>, PortError> {
        const OPERATION: &str = "list payments";
        let PaymentFilter { status, from, to } = filter;
        if status.is_some() && consistency == Consistency::Strong {
            return Err(PortError::new(PortErrorKind::Rejected, OPERATION));
        }
        let partition = match status {
            None => Partition::payments(tenant),
            Some(status) => Partition::payments_with_status(tenant, *status),
        };
        let (from, to) = (from.map(PaymentId::floor_at), to.map(PaymentId::floor_at));
        let listing = Listing { partition, from, to, page, filter: None };
        self.0.page_read(OPERATION, listing, consistency).await
    }
}

/// [`Payment::reserve_refund`] as one conditional update.
pub(super) fn reserve_refund(
    table: &Table,
    tenant: TenantId,
    id: PaymentId,
    amount: Amount,
    now: Timestamp,
) -> Result<Update, PortError> {
    let update = Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::payment(tenant, id).into_attributes()))
        .condition_expression("#status IN (:succeeded, :partially) AND #refundable >= :amount")
        .update_expression(
            "SET #pending = #pending + :amount, #refundable = #refundable - :amount, #version = #version + :one, #updated = :now",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#refundable", "refundable")
        .expression_attribute_names("#pending", "refunds_pending")
        .expression_attribute_names("#version", "version")
        .expression_attribute_names("#updated", "updated_at_ms")
        .expression_attribute_values(":succeeded", text(PaymentStatus::Succeeded.as_str()))
        .expression_attribute_values(":partially", text(PaymentStatus::PartiallyRefunded.as_str()))
        .expression_attribute_values(":amount", number(amount.get()))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":now", number(ms(now)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    built(update.build())
}

/// Why the reservation's condition failed, as the domain says it of the item that failed it.
pub(super) fn reservation_refused(item: Option<Attributes>, amount: Amount, now: Timestamp) -> CommitError {
    let Some(item) = item else { return CommitError::PaymentMissing };
    match decode::<Payment>(item).map(|payment| payment.reserve_refund(amount, now)) {
        Ok(Err(refusal)) => CommitError::PaymentRefused(refusal),
        Ok(Ok(_)) => CommitError::Port(contradiction("reserve a refund")),
        Err(error) => CommitError::Port(error),
    }
}

impl Stored for Payment {
    const KIND: Kind = Kind::Payment;
    type Record = PaymentRecord;

    fn key(&self) -> Key {
        Key::payment(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        let status = IndexKey::payment_status(self.tenant, self.status, self.id);
        let others = IndexKey::payment_due(self).into_iter().chain(IndexKey::payment_reference(self));
        std::iter::once(status).chain(others).collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentRecord {
    id: String,
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    amount: i64,
    currency: String,
    method: MethodRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    top_up: Option<String>,
    #[serde(default = "automatic")]
    capture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    metadata: BTreeMap<String, String>,
    status: String,
    #[serde(default)]
    asked: AskedRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capture_before_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    captured: i64,
    refunded: i64,
    refunds_pending: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    fee: i64,
    #[serde(default)]
    disputed: i64,
    /// The provider's name of each dispute and ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    disputes: Vec<(String, String)>,
    /// [`Payment::refundable`]: stored because a condition cannot do sums.
    refundable: i64,
    #[serde(default, skip_serializing_if = "RouteRecord::is_unclaimed")]
    route: RouteRecord,
    attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unknown_since_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

/// Of payments from before there was a choice.
fn automatic() -> String {
    Capture::Automatic.as_str().to_owned()
}

#[derive(Serialize, Deserialize, Default)]
#[serde(tag = "type", rename_all = "snake_case")]
enum AskedRecord {
    #[default]
    Charge,
    Capture {
        amount: i64,
    },
    Cancel,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(tag = "type", rename_all = "snake_case")]
enum RouteRecord {
    #[default]
    Unclaimed,
    Claimed {
        provider: String,
    },
    Switched {
        provider: String,
    },
}

/// Of payments without a fee, and of those from before there were any.
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl RouteRecord {
    fn is_unclaimed(&self) -> bool {
        matches!(self, Self::Unclaimed)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MethodRecord {
    Card { token: String },
    Wallet { wallet: String },
}

impl From<&Payment> for PaymentRecord {
    fn from(payment: &Payment) -> Self {
        let Payment {
            id,
            tenant,
            order,
            money: Money { amount, currency },
            method,
            top_up,
            capture,
            description,
            metadata,
            status,
            asked,
            capture_before,
            failure,
            captured,
            refunded,
            refunds_pending,
            fee,
            disputed,
            disputes,
            route,
            attempt,
            unknown_since,
            provider_reference,
            check_at,
            created_at,
            updated_at,
            version,
        } = payment;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            order: order.map(|order| order.to_string()),
            amount: amount.get(),
            currency: currency.code().to_owned(),
            method: match method {
                Method::Card { token } => MethodRecord::Card { token: token.reveal().to_owned() },
                Method::Wallet { wallet } => MethodRecord::Wallet { wallet: wallet.to_string() },
            },
            top_up: top_up.map(|wallet| wallet.to_string()),
            capture: capture.as_str().to_owned(),
            description: description.as_ref().map(|description| description.as_str().to_owned()),
            metadata: metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            status: status.as_str().to_owned(),
            asked: match asked {
                Asked::Charge => AskedRecord::Charge,
                Asked::Capture(amount) => AskedRecord::Capture { amount: amount.get() },
                Asked::Cancel => AskedRecord::Cancel,
            },
            capture_before_ms: capture_before.map(ms),
            failure: failure.map(|code| code.as_str().to_owned()),
            captured: *captured,
            refunded: *refunded,
            refunds_pending: *refunds_pending,
            fee: *fee,
            disputed: *disputed,
            disputes: disputes.iter().map(|(reference, id)| (reference.clone(), id.to_string())).collect(),
            refundable: payment.refundable(),
            route: match route {
                Route::Unclaimed => RouteRecord::Unclaimed,
                Route::Claimed(name) => RouteRecord::Claimed { provider: name.as_str().to_owned() },
                Route::Switched(name) => RouteRecord::Switched { provider: name.as_str().to_owned() },
            },
            attempt: *attempt,
            unknown_since_ms: unknown_since.map(ms),
            provider_reference: provider_reference.clone(),
            check_at_ms: check_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<PaymentRecord> for Payment {
    type Error = Unreadable;

    fn try_from(record: PaymentRecord) -> Result<Self, Unreadable> {
        let PaymentRecord {
            id,
            tenant,
            order,
            amount,
            currency,
            method,
            top_up,
            capture,
            description,
            metadata,
            status,
            asked,
            capture_before_ms,
            failure,
            captured,
            refunded,
            refunds_pending,
            fee,
            disputed,
            disputes,
            refundable: _,
            route,
            attempt,
            unknown_since_ms,
            provider_reference,
            check_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Payment);
        let description = description.map(|text| reader.valid("description", Description::parse(&text))).transpose()?;
        let failure = failure.map(|code| reader.known("failure", DeclineCode::parse(&code))).transpose()?;
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            order: reader.parse_optional("order", order.as_deref())?,
            money: reader.money(amount, &currency)?,
            method: match method {
                MethodRecord::Card { token } => Method::Card { token: Secret::new(token) },
                MethodRecord::Wallet { wallet } => Method::Wallet { wallet: reader.parse("method.wallet", &wallet)? },
            },
            top_up: reader.parse_optional("top_up", top_up.as_deref())?,
            capture: reader.known("capture", Capture::parse(&capture))?,
            description,
            metadata: reader.metadata(metadata)?,
            status: reader.known("status", PaymentStatus::parse(&status))?,
            asked: match asked {
                AskedRecord::Charge => Asked::Charge,
                AskedRecord::Capture { amount } => Asked::Capture(reader.valid("asked.amount", Amount::new(amount))?),
                AskedRecord::Cancel => Asked::Cancel,
            },
            capture_before: capture_before_ms.map(Timestamp::from_ms),
            failure,
            captured,
            refunded,
            refunds_pending,
            fee,
            disputed,
            disputes: disputes
                .into_iter()
                .map(|(reference, id)| Ok((reference, reader.parse("disputes", &id)?)))
                .collect::<Result<_, Unreadable>>()?,
            route: match route {
                RouteRecord::Unclaimed => Route::Unclaimed,
                RouteRecord::Claimed { provider } => Route::Claimed(reader.parse("route.provider", &provider)?),
                RouteRecord::Switched { provider } => Route::Switched(reader.parse("route.provider", &provider)?),
            },
            attempt,
            unknown_since: unknown_since_ms.map(Timestamp::from_ms),
            provider_reference,
            check_at: check_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
