//! Webhook endpoints. An item has two parts, each written by itself and on a version of its own: what the tenant set, and
//! how the endpoint fares.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::{TenantId, WebhookEndpointId};
use domain::page::{Page, PageRequest};
use domain::rate_limit::PaidUntil;
use domain::secret::Sealed;
use domain::text::Description;
use domain::time::Timestamp;
use domain::turn::Turn;
use domain::webhook::{
    DisabledReason, ENDPOINTS_MAX, Endpoint, EndpointStatus, Health, RatePerSecond, Reach, Replaying, Signature,
    SigningSecret, TypeFilter, WebhookUrl,
};
use ports::commerce::Consistency;
use ports::webhooks::WebhookEndpoints;
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::key::{Key, Partition};
use super::query::{Bounds, Listing};
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use super::transact::built;
use super::{PlatformTable, Table, number};
use crate::error::is_written;

const SETTINGS: &str = "settings";
const HEALTH: &str = "health";
const VERSION: &str = "version";

#[async_trait]
impl WebhookEndpoints for PlatformTable {
    async fn get(
        &self,
        tenant: TenantId,
        id: WebhookEndpointId,
        consistency: Consistency,
    ) -> Result<Option<Endpoint>, PortError> {
        self.platform.get("get a webhook endpoint", Key::endpoint(tenant, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<WebhookEndpointId>,
    ) -> Result<Page<Endpoint, WebhookEndpointId>, PortError> {
        let listing = Listing { partition: Partition::endpoints(tenant), from: None, to: None, page, filter: None };
        self.platform.page("list webhook endpoints", listing).await
    }

    /// One Query: a hundred endpoints are far below its megabyte.
    async fn all(&self, tenant: TenantId) -> Result<Vec<Endpoint>, PortError> {
        let (partition, limit) = (Partition::endpoints(tenant), 2 * ENDPOINTS_MAX);
        self.platform.oldest_first("read webhook endpoints", partition, Bounds::default(), limit).await
    }

    async fn put_health(&self, tenant: TenantId, id: WebhookEndpointId, health: &Health) -> Result<bool, PortError> {
        const OPERATION: &str = "write a webhook endpoint's health";
        let update = self
            .platform
            .client
            .update_item()
            .table_name(&*self.platform.name)
            .set_key(Some(Key::endpoint(tenant, id).into_attributes()))
            .update_expression("SET #health = :health")
            .condition_expression("#health.#version = :previous")
            .expression_attribute_names("#health", HEALTH)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":health", map(OPERATION, HealthRecord::from(health))?)
            .expression_attribute_values(":previous", number(health.version.saturating_sub(1)));
        is_written(OPERATION, update.send().await)
    }
}

/// Stands on the version before the endpoint's; how it fares stays.
pub(super) fn update(table: &Table, endpoint: &Endpoint) -> Result<Update, PortError> {
    built(settings_update(table, endpoint, ["", ""])?.build())
}

/// The same, and with it how it fares. Stands on the versions before both: what a worker has written meanwhile is not undone.
pub(super) fn restart(table: &Table, endpoint: &Endpoint) -> Result<Update, PortError> {
    let health = map("restart a webhook endpoint", HealthRecord::from(&endpoint.health))?;
    let more = [", #health = :health", " AND #health.#version = :previous_health"];
    let update = settings_update(table, endpoint, more)?
        .expression_attribute_names("#health", HEALTH)
        .expression_attribute_values(":health", health)
        .expression_attribute_values(":previous_health", number(endpoint.health.version.saturating_sub(1)));
    built(update.build())
}

/// What the tenant set, and what more is written on what more conditions.
fn settings_update(
    table: &Table,
    endpoint: &Endpoint,
    [set, condition]: [&str; 2],
) -> Result<UpdateBuilder, PortError> {
    let settings = map("update a webhook endpoint", SettingsRecord::from(endpoint))?;
    Ok(Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::endpoint(endpoint.tenant, endpoint.id).into_attributes()))
        .update_expression(format!("SET #settings = :settings, #version = :version{set}"))
        .condition_expression(format!("#version = :previous{condition}"))
        .expression_attribute_names("#settings", SETTINGS)
        .expression_attribute_names("#version", VERSION)
        .expression_attribute_values(":settings", settings)
        .expression_attribute_values(":version", number(endpoint.version))
        .expression_attribute_values(":previous", number(endpoint.version.saturating_sub(1))))
}

/// A part of the item.
fn map(operation: &'static str, record: impl Serialize) -> Result<AttributeValue, PortError> {
    serde_dynamo::to_attribute_value(record)
        .map_err(|error| PortError::caused_by(PortErrorKind::Rejected, operation, error))
}

impl Stored for Endpoint {
    const KIND: Kind = Kind::WebhookEndpoint;
    type Record = EndpointRecord;

    fn key(&self) -> Key {
        Key::endpoint(self.tenant, self.id)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EndpointRecord {
    id: String,
    tenant: String,
    settings: SettingsRecord,
    health: HealthRecord,
    created_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct SettingsRecord {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    types: Option<Vec<String>>,
    /// Why it is disabled, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<String>,
    ordered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_per_second: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    secrets: Vec<SecretRecord>,
    updated_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct SecretRecord {
    signature: String,
    /// Base64.
    sealed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct HealthRecord {
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing_since_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_until_ms: Option<i64>,
    paid_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_until_ms: Option<i64>,
    wanted: bool,
    sent_up_to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaying: Option<ReplayingRecord>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct ReplayingRecord {
    event: String,
    until_ms: i64,
}

impl From<&Endpoint> for EndpointRecord {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id.to_string(),
            tenant: endpoint.tenant.to_string(),
            settings: SettingsRecord::from(endpoint),
            health: HealthRecord::from(&endpoint.health),
            created_at_ms: ms(endpoint.created_at),
            version: endpoint.version,
        }
    }
}

impl From<&Endpoint> for SettingsRecord {
    fn from(endpoint: &Endpoint) -> Self {
        let Endpoint {
            id: _,
            tenant: _,
            url,
            types,
            status,
            ordered,
            rate_per_second,
            description,
            secrets,
            health: _,
            created_at: _,
            updated_at,
            version: _,
        } = endpoint;
        Self {
            url: url.as_str().to_owned(),
            types: types.names().map(<[String]>::to_vec),
            disabled: status.reason().map(|reason| reason.as_str().to_owned()),
            ordered: *ordered,
            rate_per_second: rate_per_second.map(|rate| i64::from(rate.get())),
            description: description.as_ref().map(|description| description.as_str().to_owned()),
            secrets: secrets.iter().map(SecretRecord::from).collect(),
            updated_at_ms: ms(*updated_at),
        }
    }
}

impl From<&SigningSecret> for SecretRecord {
    fn from(secret: &SigningSecret) -> Self {
        let SigningSecret { signature, sealed, public_key, expires_at } = secret;
        Self {
            signature: signature.as_str().to_owned(),
            sealed: STANDARD.encode(&sealed.0),
            public_key: public_key.clone(),
            expires_at_ms: expires_at.map(ms),
        }
    }
}

impl From<&Health> for HealthRecord {
    fn from(health: &Health) -> Self {
        let Health { failures, failing_since, open_until, paid, turn, sent_up_to, replaying, version } = health;
        let Turn { lease_until, wanted } = turn;
        Self {
            failures: *failures,
            failing_since_ms: failing_since.map(ms),
            open_until_ms: open_until.map(ms),
            paid_us: paid.0,
            lease_until_ms: lease_until.map(ms),
            wanted: *wanted,
            sent_up_to: sent_up_to.to_string(),
            replaying: replaying.as_ref().map(ReplayingRecord::from),
            version: *version,
        }
    }
}

impl From<&Replaying> for ReplayingRecord {
    fn from(replaying: &Replaying) -> Self {
        let Replaying { event, until } = replaying;
        Self { event: event.to_string(), until_ms: ms(*until) }
    }
}

const READER: Reader = Reader(Kind::WebhookEndpoint);

impl TryFrom<ReplayingRecord> for Replaying {
    type Error = Unreadable;

    fn try_from(record: ReplayingRecord) -> Result<Self, Unreadable> {
        let ReplayingRecord { event, until_ms } = record;
        Ok(Self { event: READER.parse("replaying", &event)?, until: Timestamp::from_ms(until_ms) })
    }
}

impl TryFrom<EndpointRecord> for Endpoint {
    type Error = Unreadable;

    fn try_from(record: EndpointRecord) -> Result<Self, Unreadable> {
        let EndpointRecord { id, tenant, settings, health, created_at_ms, version } = record;
        let SettingsRecord { url, types, disabled, ordered, rate_per_second, description, secrets, updated_at_ms } =
            settings;
        let status = match disabled {
            None => EndpointStatus::Enabled,
            Some(reason) => EndpointStatus::Disabled(READER.known("disabled", DisabledReason::parse(&reason))?),
        };
        let rate = rate_per_second.map(|rate| READER.valid("rate_per_second", RatePerSecond::new(rate)));
        let description = description.map(|text| READER.valid("description", Description::parse(&text)));
        Ok(Self {
            id: READER.parse("id", &id)?,
            tenant: READER.parse("tenant", &tenant)?,
            // How far a deployment reaches is looked at when something is sent.
            url: READER.valid("url", WebhookUrl::parse(&url, Reach::LoopbackToo))?,
            types: READER.valid("types", TypeFilter::parse(types))?,
            status,
            ordered,
            rate_per_second: rate.transpose()?,
            description: description.transpose()?,
            secrets: secrets.into_iter().map(SigningSecret::try_from).collect::<Result<_, _>>()?,
            health: health.try_into()?,
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}

impl TryFrom<SecretRecord> for SigningSecret {
    type Error = Unreadable;

    fn try_from(record: SecretRecord) -> Result<Self, Unreadable> {
        let SecretRecord { signature, sealed, public_key, expires_at_ms } = record;
        Ok(Self {
            signature: READER.known("signature", Signature::parse(&signature))?,
            sealed: Sealed(READER.known("sealed", STANDARD.decode(sealed).ok())?),
            public_key,
            expires_at: expires_at_ms.map(Timestamp::from_ms),
        })
    }
}

impl TryFrom<HealthRecord> for Health {
    type Error = Unreadable;

    fn try_from(record: HealthRecord) -> Result<Self, Unreadable> {
        let HealthRecord {
            failures,
            failing_since_ms,
            open_until_ms,
            paid_us,
            lease_until_ms,
            wanted,
            sent_up_to,
            replaying,
            version,
        } = record;
        Ok(Self {
            failures,
            failing_since: failing_since_ms.map(Timestamp::from_ms),
            open_until: open_until_ms.map(Timestamp::from_ms),
            paid: PaidUntil(paid_us),
            turn: Turn { lease_until: lease_until_ms.map(Timestamp::from_ms), wanted },
            sent_up_to: READER.parse("sent_up_to", &sent_up_to)?,
            replaying: replaying.map(Replaying::try_from).transpose()?,
            version,
        })
    }
}
