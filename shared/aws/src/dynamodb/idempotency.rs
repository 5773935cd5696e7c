//! Idempotency records of either table. An expired one is free from its millisecond on, whenever the table drops it.

use domain::idempotency::{Answer, Claim, Fingerprint, IdempotencyKey, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::commerce::Consistency;
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use super::{Attributes, Table};
use crate::digest::{from_hex, to_hex};

pub(super) async fn find(
    table: &Table,
    tenant: TenantId,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<Record>, PortError> {
    let key = Key::idempotency(tenant, &claim.route, &claim.key);
    let found: Option<StoredRecord> = table.get("find an idempotency record", key, Consistency::Strong).await?;
    Ok(found.map(|stored| stored.record).filter(|record| record.is_live(now)))
}

/// The record that a failed claim met.
pub(super) fn claimed(item: Option<Attributes>) -> Result<Record, PortError> {
    let missing = || PortError::new(PortErrorKind::Corrupt, "read the record that has the idempotency key");
    decode::<StoredRecord>(item.ok_or_else(missing)?).map(|stored| stored.record)
}

/// A record and whose it is.
pub(super) struct StoredRecord {
    pub(super) tenant: TenantId,
    pub(super) record: Record,
}

impl Stored for StoredRecord {
    const KIND: Kind = Kind::Idempotency;
    type Record = IdempotencyRecord;

    fn key(&self) -> Key {
        let Claim { route, key, fingerprint: _ } = &self.record.claim;
        Key::idempotency(self.tenant, route, key)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.record.expires_at)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdempotencyRecord {
    tenant: String,
    route: String,
    key: String,
    /// Hexadecimal.
    fingerprint: String,
    answer_status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer_location: Option<String>,
    answer_body: String,
    expires_at_ms: i64,
}

impl From<&StoredRecord> for IdempotencyRecord {
    fn from(stored: &StoredRecord) -> Self {
        let StoredRecord { tenant, record: Record { claim, answer, expires_at } } = stored;
        let Claim { route, key, fingerprint: Fingerprint(fingerprint) } = claim;
        let Answer { status, location, body } = answer;
        Self {
            tenant: tenant.to_string(),
            route: route.clone(),
            key: key.as_str().to_owned(),
            fingerprint: to_hex(fingerprint),
            answer_status: *status,
            answer_location: location.clone(),
            answer_body: body.clone(),
            expires_at_ms: ms(*expires_at),
        }
    }
}

impl TryFrom<IdempotencyRecord> for StoredRecord {
    type Error = Unreadable;

    fn try_from(record: IdempotencyRecord) -> Result<Self, Unreadable> {
        let IdempotencyRecord {
            tenant,
            route,
            key,
            fingerprint,
            answer_status,
            answer_location,
            answer_body,
            expires_at_ms,
        } = record;
        let reader = Reader(Kind::Idempotency);
        let claim = Claim {
            route,
            key: reader.valid("key", IdempotencyKey::parse(&key))?,
            fingerprint: Fingerprint(reader.known("fingerprint", from_hex(&fingerprint))?),
        };
        let answer = Answer { status: answer_status, location: answer_location, body: answer_body };
        let record = Record { claim, answer, expires_at: Timestamp::from_ms(expires_at_ms) };
        Ok(Self { tenant: reader.parse("tenant", &tenant)?, record })
    }
}
