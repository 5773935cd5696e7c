//! Refunds, found below their payment.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::{PaymentId, RefundId, TenantId};
use domain::money::Money;
use domain::page::{Page, PageRequest};
use domain::payment::DeclineCode;
use domain::refund::{Refund, RefundStatus};
use domain::text::Reason;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Consistency, Refunds};
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::{IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl Refunds for CommerceTable {
    async fn get(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        id: RefundId,
        consistency: Consistency,
    ) -> Result<Option<Refund>, PortError> {
        self.0.get("get a refund", Key::refund(tenant, payment, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        page: PageRequest<RefundId>,
    ) -> Result<Page<Refund, RefundId>, PortError> {
        let partition = Partition::refunds(tenant, payment);
        self.0.page("list refunds", Listing { partition, from: None, to: None, page, filter: None }).await
    }
}

impl Stored for Refund {
    const KIND: Kind = Kind::Refund;
    type Record = RefundRecord;

    fn key(&self) -> Key {
        Key::refund(self.tenant, self.payment, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        IndexKey::refund_due(self).into_iter().chain(IndexKey::refund_reference(self)).collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundRecord {
    id: String,
    tenant: String,
    payment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    amount: i64,
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

impl From<&Refund> for RefundRecord {
    fn from(refund: &Refund) -> Self {
        let Refund {
            id,
            tenant,
            payment,
            order,
            money: Money { amount, currency },
            reason,
            metadata,
            status,
            failure,
            provider_reference,
            check_at,
            created_at,
            updated_at,
            version,
        } = refund;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            payment: payment.to_string(),
            order: order.map(|order| order.to_string()),
            amount: amount.get(),
            currency: currency.code().to_owned(),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
            metadata: metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            status: status.as_str().to_owned(),
            failure: failure.map(|code| code.as_str().to_owned()),
            provider_reference: provider_reference.clone(),
            check_at_ms: check_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<RefundRecord> for Refund {
    type Error = Unreadable;

    fn try_from(record: RefundRecord) -> Result<Self, Unreadable> {
        let RefundRecord {
            id,
            tenant,
            payment,
            order,
            amount,
            currency,
            reason,
            metadata,
            status,
            failure,
            provider_reference,
            check_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Refund);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            payment: reader.parse("payment", &payment)?,
            order: reader.parse_optional("order", order.as_deref())?,
            money: reader.money(amount, &currency)?,
            reason: reason.map(|text| reader.valid("reason", Reason::parse(&text))).transpose()?,
            metadata: reader.metadata(metadata)?,
            status: reader.known("status", RefundStatus::parse(&status))?,
            failure: failure.map(|code| reader.known("failure", DeclineCode::parse(&code))).transpose()?,
            provider_reference,
            check_at: check_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
