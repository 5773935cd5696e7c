//! The book of mails: one item a mail, one an address that gets none, one a tenant's settings. No item holds an address of
//! a customer, but for its hash.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::ids::TenantId;
use domain::mail::{
    AddressHash, Day, Lifting, MailClaim, MailId, MailKind, MailSettings, Refusal, RefusedAddress, SENDING_FOR,
    SENT_KEPT_FOR,
};
use domain::page::{Page, PageRequest};
use domain::text::{Email, Name};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::mail::MailBook;
use serde::{Deserialize, Serialize};

use super::key::{Key, PARTITION, Partition};
use super::query::Listing;
use super::record::{EXPIRES_AT, KIND, Kind, Reader, Stored, Unreadable, decode, encode, ms};
use super::{Attributes, PlatformTable, number, text};
use crate::digest::{from_hex, to_hex};
use crate::error::{if_written, is_written, port_error};

const CLAIM: &str = "claim a mail";
/// Why a mail is not sent, as it is stored.
const DAY_FULL: &str = "day_full";
/// A count is of no use after its day.
const COUNT_KEPT_FOR: Duration = Duration::from_secs(2 * 24 * 60 * 60);

#[async_trait]
impl MailBook for PlatformTable {
    async fn settings(&self, tenant: TenantId) -> Result<Option<MailSettings>, PortError> {
        self.platform.get("get mail settings", Key::mail_settings(tenant), Consistency::Strong).await
    }

    async fn save_settings(&self, settings: &MailSettings) -> Result<bool, PortError> {
        const OPERATION: &str = "save mail settings";
        let request = self
            .put(encode(settings)?)
            .condition_expression("(:before = :none AND attribute_not_exists(#pk)) OR #version = :before")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":before", number(settings.version.saturating_sub(1)));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if was_refused(&error).is_some() => Ok(false),
            Err(error) => Err(port_error(OPERATION, error)),
        }
    }

    /// A claim after which its worker died is taken over and not counted again, though it may have died before it counted:
    /// else a mailer that is away for an hour would use up the day.
    async fn claim(
        &self,
        tenant: TenantId,
        mail: MailId,
        per_day: u32,
        now: Timestamp,
    ) -> Result<MailClaim, PortError> {
        let until = now.plus(SENDING_FOR);
        let item = |state| MailItem { tenant, id: mail, until, state };
        let request = self
            .put(encode(&item(MailState::Claimed))?)
            .condition_expression(
                "attribute_not_exists(#pk) OR (#sent = :no AND #until <= :now AND attribute_not_exists(#not_sent))",
            )
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#sent", "is_sent")
            .expression_attribute_names("#not_sent", "not_sent")
            .expression_attribute_names("#until", "claimed_until_ms")
            .expression_attribute_values(":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
            .expression_attribute_values(":now", number(ms(now)))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(output) => {
                let is_first = output.attributes.is_none_or(|before| before.is_empty());
                if !is_first || self.count(tenant, per_day, now).await? {
                    return Ok(MailClaim::Ours);
                }
                let noted = self.put(encode(&item(MailState::DayFull))?).send().await;
                noted.map(|_| MailClaim::DayFull).map_err(|error| port_error("note a mail as not sent", error))
            }
            Err(error) => {
                let Some(met) = was_refused(&error) else { return Err(port_error(CLAIM, error)) };
                let met: MailItem = decode(met.clone())?;
                Ok(match met.state {
                    MailState::Claimed => MailClaim::Busy,
                    MailState::Sent => MailClaim::Sent,
                    MailState::DayFull => MailClaim::DayFull,
                })
            }
        }
    }

    async fn mark_sent(&self, tenant: TenantId, mail: MailId, now: Timestamp) -> Result<(), PortError> {
        let sent = MailItem { tenant, id: mail, until: now, state: MailState::Sent };
        let request = self.put(encode(&sent)?);
        request.send().await.map(|_| ()).map_err(|error| port_error("note a mail as sent", error))
    }

    async fn refusal(&self, tenant: TenantId, address: AddressHash) -> Result<Option<Refusal>, PortError> {
        let key = Key::mail_refusal(tenant, address);
        let found: Option<RefusalItem> = self.platform.get("get a mail refusal", key, Consistency::Strong).await?;
        Ok(found.map(|item| item.refused.refusal))
    }

    async fn refuse(
        &self,
        tenant: TenantId,
        address: AddressHash,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let request = self
            .put(encode(&RefusalItem { tenant, refused: RefusedAddress { address, refusal, refused_at: now } })?)
            .expression_attribute_names("#pk", PARTITION);
        let request = if Refusal::OptedOut.gives_way_to(refusal) {
            request
                .condition_expression("attribute_not_exists(#pk) OR #reason = :opted_out")
                .expression_attribute_names("#reason", "reason")
                .expression_attribute_values(":opted_out", text(Refusal::OptedOut.as_str()))
        } else {
            request.condition_expression("attribute_not_exists(#pk)")
        };
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if was_refused(&error).is_some() => Ok(()),
            Err(error) => Err(port_error("refuse mail to an address", error)),
        }
    }

    async fn refused(
        &self,
        tenant: TenantId,
        page: PageRequest<AddressHash>,
    ) -> Result<Page<RefusedAddress, AddressHash>, PortError> {
        let partition = Partition::mail_refusals(tenant);
        let listing = Listing { partition, from: None, to: None, page, filter: None };
        let Page { items, next } = self.platform.page("list refused addresses", listing).await?;
        Ok(Page { items: items.into_iter().map(|item: RefusalItem| item.refused).collect(), next })
    }

    async fn accept(&self, tenant: TenantId, address: AddressHash) -> Result<Lifting, PortError> {
        let request = self
            .platform
            .client
            .delete_item()
            .table_name(&*self.platform.name)
            .set_key(Some(Key::mail_refusal(tenant, address).into_attributes()))
            .condition_expression("attribute_not_exists(#pk) OR #reason <> :complained")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":complained", text(Refusal::Complained.as_str()))
            .return_values(ReturnValue::AllOld);
        let answer = if_written("send mail to an address again", request.send().await)?;
        Ok(match answer {
            None => Lifting::Stays,
            Some(answer) if answer.attributes.as_ref().is_some_and(|before| !before.is_empty()) => Lifting::Lifted,
            Some(_) => Lifting::NotRefused,
        })
    }
}

impl PlatformTable {
    /// Counts one of the tenant's mails of the day; `false` where there are so many already.
    async fn count(&self, tenant: TenantId, per_day: u32, now: Timestamp) -> Result<bool, PortError> {
        let request = self
            .platform
            .client
            .update_item()
            .table_name(&*self.platform.name)
            .set_key(Some(Key::mail_count(tenant, Day::of(now)).into_attributes()))
            .condition_expression("(:per_day > :none AND attribute_not_exists(#count)) OR #count < :per_day")
            .update_expression("SET #kind = :kind, #tenant = :tenant, #expires_at = :expires_at ADD #count :one")
            .expression_attribute_names("#kind", KIND)
            .expression_attribute_names("#tenant", "tenant")
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":kind", text(Kind::MailCount.as_str()))
            .expression_attribute_values(":tenant", text(tenant.to_string()))
            .expression_attribute_values(":expires_at", number(now.plus(COUNT_KEPT_FOR).as_seconds()))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":per_day", number(per_day));
        is_written("count a mail", request.send().await)
    }

    fn put(&self, item: Attributes) -> PutItemFluentBuilder {
        self.platform.client.put_item().table_name(&*self.platform.name).set_item(Some(item))
    }
}

/// The item that the condition failed on, as far as it was asked for.
fn was_refused<R>(error: &SdkError<PutItemError, R>) -> Option<&Attributes> {
    static NOTHING: std::sync::LazyLock<Attributes> = std::sync::LazyLock::new(Attributes::new);
    match error.as_service_error()? {
        PutItemError::ConditionalCheckFailedException(failed) => Some(failed.item().unwrap_or(&NOTHING)),
        _ => None,
    }
}

struct MailItem {
    tenant: TenantId,
    id: MailId,
    until: Timestamp,
    state: MailState,
}

#[derive(Debug, Clone, Copy)]
enum MailState {
    Claimed,
    Sent,
    DayFull,
}

impl Stored for MailItem {
    const KIND: Kind = Kind::Mail;
    type Record = MailRecord;

    fn key(&self) -> Key {
        Key::mail(self.tenant, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until.plus(SENT_KEPT_FOR))
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MailRecord {
    tenant: String,
    event: String,
    /// SHA-256, hexadecimal.
    address: String,
    claimed_until_ms: i64,
    is_sent: bool,
    /// Why it never will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_sent: Option<String>,
}

impl From<&MailItem> for MailRecord {
    fn from(item: &MailItem) -> Self {
        let MailItem { tenant, id: MailId { event, address }, until, state } = item;
        let (is_sent, not_sent) = match state {
            MailState::Claimed => (false, None),
            MailState::Sent => (true, None),
            MailState::DayFull => (false, Some(DAY_FULL.to_owned())),
        };
        Self {
            tenant: tenant.to_string(),
            event: event.to_string(),
            address: to_hex(&address.0),
            claimed_until_ms: ms(*until),
            is_sent,
            not_sent,
        }
    }
}

impl TryFrom<MailRecord> for MailItem {
    type Error = Unreadable;

    fn try_from(record: MailRecord) -> Result<Self, Unreadable> {
        let MailRecord { tenant, event, address, claimed_until_ms, is_sent, not_sent } = record;
        let reader = Reader(Kind::Mail);
        let state = match (is_sent, not_sent.as_deref()) {
            (true, _) => Some(MailState::Sent),
            (false, None) => Some(MailState::Claimed),
            (false, Some(why)) => (why == DAY_FULL).then_some(MailState::DayFull),
        };
        let address = AddressHash(reader.known("address", from_hex(&address))?);
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            id: MailId { event: reader.parse("event", &event)?, address },
            until: Timestamp::from_ms(claimed_until_ms),
            state: reader.known("not_sent", state)?,
        })
    }
}

struct RefusalItem {
    tenant: TenantId,
    refused: RefusedAddress,
}

impl Stored for RefusalItem {
    const KIND: Kind = Kind::MailRefusal;
    type Record = RefusalRecord;

    fn key(&self) -> Key {
        Key::mail_refusal(self.tenant, self.refused.address)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefusalRecord {
    tenant: String,
    /// SHA-256, hexadecimal.
    address: String,
    reason: String,
    refused_at_ms: i64,
}

impl From<&RefusalItem> for RefusalRecord {
    fn from(item: &RefusalItem) -> Self {
        let RefusalItem { tenant, refused: RefusedAddress { address, refusal, refused_at } } = item;
        Self {
            tenant: tenant.to_string(),
            address: to_hex(&address.0),
            reason: refusal.as_str().to_owned(),
            refused_at_ms: ms(*refused_at),
        }
    }
}

impl TryFrom<RefusalRecord> for RefusalItem {
    type Error = Unreadable;

    fn try_from(record: RefusalRecord) -> Result<Self, Unreadable> {
        let RefusalRecord { tenant, address, reason, refused_at_ms } = record;
        let reader = Reader(Kind::MailRefusal);
        let refused = RefusedAddress {
            address: AddressHash(reader.known("address", from_hex(&address))?),
            refusal: reader.known("reason", Refusal::parse(&reason))?,
            refused_at: Timestamp::from_ms(refused_at_ms),
        };
        Ok(Self { tenant: reader.parse("tenant", &tenant)?, refused })
    }
}

impl Stored for MailSettings {
    const KIND: Kind = Kind::MailSettings;
    type Record = SettingsRecord;

    fn key(&self) -> Key {
        Key::mail_settings(self.tenant)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsRecord {
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    off: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    updated_at_ms: i64,
    version: u64,
}

impl From<&MailSettings> for SettingsRecord {
    fn from(settings: &MailSettings) -> Self {
        let MailSettings { tenant, from_name, reply_to, off, logo, updated_at, version } = settings;
        Self {
            tenant: tenant.to_string(),
            from_name: from_name.as_ref().map(|name| name.as_str().to_owned()),
            reply_to: reply_to.as_ref().map(|address| address.as_str().to_owned()),
            off: off.iter().map(|kind| kind.as_str().to_owned()).collect(),
            logo: logo.map(|file| file.to_string()),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<SettingsRecord> for MailSettings {
    type Error = Unreadable;

    fn try_from(record: SettingsRecord) -> Result<Self, Unreadable> {
        let SettingsRecord { tenant, from_name, reply_to, off, logo, updated_at_ms, version } = record;
        let reader = Reader(Kind::MailSettings);
        let kinds = off.iter().map(|name| reader.known("off", MailKind::parse(name)));
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            from_name: from_name.map(|name| reader.valid("from_name", Name::parse(&name))).transpose()?,
            reply_to: reply_to.map(|address| reader.valid("reply_to", Email::parse(&address))).transpose()?,
            off: kinds.collect::<Result<_, _>>()?,
            logo: logo.map(|file| reader.parse("logo", &file)).transpose()?,
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
