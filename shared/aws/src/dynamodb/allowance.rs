//! What a tenant has spent on models: one item a month, that is only added to. And what it allows itself.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::allowance::{ExtractionSettings, Month, Spending};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::extraction::Allowances;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::{EXPIRES_AT, KIND, Kind, Reader, Stored, Unreadable, encode};
use super::transact::built;
use super::{PlatformTable, Table, number, text};
use crate::error::is_written;

/// For looking back at a year.
const KEPT_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

#[async_trait]
impl Allowances for PlatformTable {
    async fn spent(&self, tenant: TenantId, month: Month) -> Result<Spending, PortError> {
        let key = Key::allowance(tenant, month);
        let stored: Option<StoredAllowance> =
            self.platform.get("read what was spent", key, Consistency::Strong).await?;
        Ok(stored.map(|stored| stored.spent).unwrap_or_default())
    }

    async fn settings(
        &self,
        tenant: TenantId,
        consistency: Consistency,
    ) -> Result<Option<ExtractionSettings>, PortError> {
        let key = Key::extraction_settings(tenant);
        let stored: Option<StoredSettings> = self.platform.get("get extraction settings", key, consistency).await?;
        Ok(stored.map(|stored| stored.settings))
    }

    /// What was written before versions were counted has none.
    async fn put_settings(&self, tenant: TenantId, settings: &ExtractionSettings) -> Result<bool, PortError> {
        let item = encode(&StoredSettings { tenant, settings: *settings })?;
        let request = self
            .platform
            .client
            .put_item()
            .table_name(&*self.platform.name)
            .set_item(Some(item))
            .condition_expression("(:before = :none AND attribute_not_exists(#version)) OR #version = :before")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":before", number(settings.version.saturating_sub(1)));
        is_written("write extraction settings", request.send().await)
    }
}

/// Stands where this fits under the cap with what was spent.
pub(super) fn reserve(
    table: &Table,
    place: (TenantId, Month),
    spending: Spending,
    cap: Spending,
    now: Timestamp,
) -> Result<Update, PortError> {
    let Spending { tokens, micro_dollars } = spending;
    let update = added(table, place, (tokens.to_string(), micro_dollars.to_string()), now);
    let update = match spending.room_under(cap) {
        Some(room) => update
            .condition_expression(
                "attribute_not_exists(#tokens) OR (#tokens <= :tokens_room AND #micro_dollars <= :micro_dollars_room)",
            )
            .expression_attribute_values(":tokens_room", number(room.tokens))
            .expression_attribute_values(":micro_dollars_room", number(room.micro_dollars)),
        // Never, whatever was spent; and the other items' conditions are looked at all the same.
        None => update.condition_expression("attribute_exists(#tokens) AND attribute_not_exists(#tokens)"),
    };
    built(update.build())
}

pub(super) fn settle(
    table: &Table,
    place: (TenantId, Month),
    reserved: Spending,
    spent: Spending,
    now: Timestamp,
) -> Result<Update, PortError> {
    let less = |spent: u64, reserved: u64| (i128::from(spent) - i128::from(reserved)).to_string();
    let added_to = (less(spent.tokens, reserved.tokens), less(spent.micro_dollars, reserved.micro_dollars));
    built(added(table, place, added_to, now).build())
}

fn added(
    table: &Table,
    (tenant, month): (TenantId, Month),
    (tokens, micro_dollars): (String, String),
    now: Timestamp,
) -> UpdateBuilder {
    Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::allowance(tenant, month).into_attributes()))
        .update_expression(
            "SET #kind = :kind, #tenant = :tenant, #month = :month, #expires_at = :expires_at \
             ADD #tokens :tokens, #micro_dollars :micro_dollars",
        )
        .expression_attribute_names("#kind", KIND)
        .expression_attribute_names("#tenant", "tenant")
        .expression_attribute_names("#month", "month")
        .expression_attribute_names("#expires_at", EXPIRES_AT)
        .expression_attribute_names("#tokens", "tokens")
        .expression_attribute_names("#micro_dollars", "micro_dollars")
        .expression_attribute_values(":kind", text(Kind::Allowance.as_str()))
        .expression_attribute_values(":tenant", text(tenant.to_string()))
        .expression_attribute_values(":month", text(month.to_string()))
        .expression_attribute_values(":expires_at", number(now.plus(KEPT_FOR).as_seconds()))
        .expression_attribute_values(":tokens", number(tokens))
        .expression_attribute_values(":micro_dollars", number(micro_dollars))
}

/// Read only: what is written are additions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredAllowance {
    pub tenant: TenantId,
    pub month: Month,
    pub spent: Spending,
}

impl Stored for StoredAllowance {
    const KIND: Kind = Kind::Allowance;
    type Record = AllowanceRecord;

    fn key(&self) -> Key {
        Key::allowance(self.tenant, self.month)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AllowanceRecord {
    tenant: String,
    month: String,
    tokens: u64,
    micro_dollars: u64,
}

impl From<&StoredAllowance> for AllowanceRecord {
    fn from(StoredAllowance { tenant, month, spent }: &StoredAllowance) -> Self {
        let Spending { tokens, micro_dollars } = *spent;
        Self { tenant: tenant.to_string(), month: month.to_string(), tokens, micro_dollars }
    }
}

impl TryFrom<AllowanceRecord> for StoredAllowance {
    type Error = Unreadable;

    fn try_from(record: AllowanceRecord) -> Result<Self, Unreadable> {
        let AllowanceRecord { tenant, month, tokens, micro_dollars } = record;
        let reader = Reader(Kind::Allowance);
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            month: reader.known("month", Month::parse(&month))?,
            spent: Spending { tokens, micro_dollars },
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredSettings {
    pub tenant: TenantId,
    pub settings: ExtractionSettings,
}

impl Stored for StoredSettings {
    const KIND: Kind = Kind::ExtractionSettings;
    type Record = SettingsRecord;

    fn key(&self) -> Key {
        Key::extraction_settings(self.tenant)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsRecord {
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens_per_month: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cents_per_month: Option<u64>,
    #[serde(default)]
    version: u64,
}

impl From<&StoredSettings> for SettingsRecord {
    fn from(StoredSettings { tenant, settings }: &StoredSettings) -> Self {
        let ExtractionSettings { tokens_per_month, cents_per_month, version } = *settings;
        Self { tenant: tenant.to_string(), tokens_per_month, cents_per_month, version }
    }
}

impl TryFrom<SettingsRecord> for StoredSettings {
    type Error = Unreadable;

    fn try_from(record: SettingsRecord) -> Result<Self, Unreadable> {
        let SettingsRecord { tenant, tokens_per_month, cents_per_month, version } = record;
        let settings = ExtractionSettings { tokens_per_month, cents_per_month, version };
        Ok(Self { tenant: Reader(Kind::ExtractionSettings).parse("tenant", &tenant)?, settings })
    }
}
