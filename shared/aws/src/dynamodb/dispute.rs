//! Disputes: their item and their lists.

use async_trait::async_trait;
use domain::dispute::{Dispute, DisputeReason, DisputeStatus};
use domain::ids::{DisputeId, TenantId};
use domain::money::Money;
use domain::page::{Page, PageRequest};
use domain::text::Evidence;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Consistency, Disputes};
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::{IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl Disputes for CommerceTable {
    async fn get(
        &self,
        tenant: TenantId,
        id: DisputeId,
        consistency: Consistency,
    ) -> Result<Option<Dispute>, PortError> {
        self.0.get("get a dispute", Key::dispute(tenant, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        status: Option<DisputeStatus>,
        page: PageRequest<DisputeId>,
    ) -> Result<Page<Dispute, DisputeId>, PortError> {
        let partition = match status {
            None => Partition::disputes(tenant),
            Some(status) => Partition::disputes_with_status(tenant, status),
        };
        self.0.page("list disputes", Listing { partition, from: None, to: None, page, filter: None }).await
    }
}

impl Stored for Dispute {
    const KIND: Kind = Kind::Dispute;
    type Record = DisputeRecord;

    fn key(&self) -> Key {
        Key::dispute(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        let status = IndexKey::dispute_status(self.tenant, self.status, self.id);
        let others = IndexKey::dispute_due(self).into_iter().chain(IndexKey::dispute_reference(self));
        std::iter::once(status).chain(others).collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DisputeRecord {
    id: String,
    tenant: String,
    payment: String,
    amount: i64,
    currency: String,
    reason: String,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    respond_by_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    evidence_sent: bool,
    provider_reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

impl From<&Dispute> for DisputeRecord {
    fn from(dispute: &Dispute) -> Self {
        let Dispute {
            id,
            tenant,
            payment,
            money: Money { amount, currency },
            reason,
            status,
            respond_by,
            evidence,
            evidence_sent,
            provider_reference,
            check_at,
            created_at,
            updated_at,
            version,
        } = dispute;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            payment: payment.to_string(),
            amount: amount.get(),
            currency: currency.code().to_owned(),
            reason: reason.as_str().to_owned(),
            status: status.as_str().to_owned(),
            respond_by_ms: respond_by.map(ms),
            evidence: evidence.as_ref().map(|evidence| evidence.as_str().to_owned()),
            evidence_sent: *evidence_sent,
            provider_reference: provider_reference.clone(),
            check_at_ms: check_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<DisputeRecord> for Dispute {
    type Error = Unreadable;

    fn try_from(record: DisputeRecord) -> Result<Self, Unreadable> {
        let DisputeRecord {
            id,
            tenant,
            payment,
            amount,
            currency,
            reason,
            status,
            respond_by_ms,
            evidence,
            evidence_sent,
            provider_reference,
            check_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Dispute);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            payment: reader.parse("payment", &payment)?,
            money: reader.money(amount, &currency)?,
            reason: reader.known("reason", DisputeReason::parse(&reason))?,
            status: reader.known("status", DisputeStatus::parse(&status))?,
            respond_by: respond_by_ms.map(Timestamp::from_ms),
            evidence: evidence.map(|text| reader.valid("evidence", Evidence::parse(&text))).transpose()?,
            evidence_sent,
            provider_reference,
            check_at: check_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
