//! Sessions: which refresh token is good is decided by one conditional update.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::identity::Session;
use domain::ids::{SessionId, TenantId};
use domain::time::Timestamp;
use ports::commerce::Consistency;
use ports::identity::{RotateRequest, Rotation, Sessions};
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::key::{Key, PARTITION};
use super::record::{EXPIRES_AT, Kind, Reader, Stored, Unreadable, decode, encode, ms};
use super::{IdentityTable, number, text};
use crate::digest::{from_hex, to_hex};
use crate::error::port_error;

#[async_trait]
impl Sessions for IdentityTable {
    /// Unconditional, so that writing it again after a lost answer is harmless: ids are never used twice.
    async fn create(&self, session: &Session) -> Result<(), PortError> {
        let table = &self.0;
        let request = table.client.put_item().table_name(&*table.name).set_item(Some(encode(session)?));
        request.send().await.map(|_| ()).map_err(|error| port_error("create a session", error))
    }

    /// Strongly consistent.
    async fn get(&self, tenant: TenantId, id: SessionId) -> Result<Option<Session>, PortError> {
        self.0.get("get a session", Key::session(tenant, id), Consistency::Strong).await
    }

    async fn rotate(&self, request: RotateRequest) -> Result<Rotation, PortError> {
        const OPERATION: &str = "rotate a refresh token";
        let RotateRequest { tenant, id, family_hash, presented_hash, next_hash, expires_at, now } = request;
        let update = self
            .session_update(tenant, id)
            .condition_expression(
                "#family = :family AND #hash = :presented AND attribute_not_exists(#revoked) AND #expires > :now",
            )
            .update_expression("SET #hash = :next, #expires = :expires, #ttl = :ttl, #version = #version + :one")
            .expression_attribute_names("#family", "family_hash")
            .expression_attribute_names("#hash", "refresh_hash")
            .expression_attribute_names("#revoked", "revoked_at_ms")
            .expression_attribute_names("#expires", "expires_at_ms")
            .expression_attribute_names("#ttl", EXPIRES_AT)
            .expression_attribute_values(":family", text(to_hex(&family_hash)))
            .expression_attribute_values(":presented", text(to_hex(&presented_hash)))
            .expression_attribute_values(":next", text(to_hex(&next_hash)))
            .expression_attribute_values(":expires", number(ms(expires_at)))
            .expression_attribute_values(":ttl", number(expires_at.as_seconds()))
            .expression_attribute_values(":now", number(ms(now)));
        let session = match updated(OPERATION, update.send().await)? {
            Updated::Done(session) => return Ok(Rotation::Rotated(session)),
            Updated::Refused(None) => return Ok(Rotation::Gone),
            Updated::Refused(Some(session)) => session,
        };
        let never_was_a_token = session.family_hash != family_hash;
        if never_was_a_token || !session.is_live(now) {
            return Ok(Rotation::Gone);
        }
        // Nobody else can know the next token's hash: an earlier try of this very call took effect and its answer was lost.
        if session.refresh_hash == next_hash {
            return Ok(Rotation::Rotated(session));
        }
        let revoked = self.revoke(tenant, id, now).await?;
        Ok(revoked.map_or(Rotation::Gone, Rotation::Reused))
    }

    async fn revoke(&self, tenant: TenantId, id: SessionId, now: Timestamp) -> Result<Option<Session>, PortError> {
        let update = self
            .session_update(tenant, id)
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#revoked)")
            .update_expression("SET #revoked = :now, #version = #version + :one")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#revoked", "revoked_at_ms")
            .expression_attribute_values(":now", number(ms(now)));
        Ok(match updated("revoke a session", update.send().await)? {
            Updated::Done(session) => Some(session),
            Updated::Refused(already_revoked) => already_revoked,
        })
    }
}

impl IdentityTable {
    fn session_update(&self, tenant: TenantId, id: SessionId) -> UpdateItemFluentBuilder {
        let table = &self.0;
        let update = table.client.update_item().table_name(&*table.name);
        update
            .set_key(Some(Key::session(tenant, id).into_attributes()))
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

enum Updated {
    /// As it is now.
    Done(Session),
    /// As it was found.
    Refused(Option<Session>),
}

fn updated(
    operation: &'static str,
    result: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Updated, PortError> {
    match result {
        Ok(output) => {
            let new = output.attributes.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, operation))?;
            decode(new).map(Updated::Done)
        }
        Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
            let old: Option<HashMap<_, _>> = match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(refusal) => refusal.item,
                _ => None,
            };
            old.map(decode).transpose().map(Updated::Refused)
        }
        Err(error) => Err(port_error(operation, error)),
    }
}

impl Stored for Session {
    const KIND: Kind = Kind::Session;
    type Record = SessionRecord;

    fn key(&self) -> Key {
        Key::session(self.tenant, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    id: String,
    tenant: String,
    user: String,
    /// Hexadecimal, as the next.
    family_hash: String,
    refresh_hash: String,
    created_at_ms: i64,
    expires_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at_ms: Option<i64>,
    version: u64,
}

impl From<&Session> for SessionRecord {
    fn from(session: &Session) -> Self {
        let Session { id, tenant, user, family_hash, refresh_hash, created_at, expires_at, revoked_at, version } =
            session;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            user: user.to_string(),
            family_hash: to_hex(family_hash),
            refresh_hash: to_hex(refresh_hash),
            created_at_ms: ms(*created_at),
            expires_at_ms: ms(*expires_at),
            revoked_at_ms: revoked_at.map(ms),
            version: *version,
        }
    }
}

impl TryFrom<SessionRecord> for Session {
    type Error = Unreadable;

    fn try_from(record: SessionRecord) -> Result<Self, Unreadable> {
        let SessionRecord {
            id,
            tenant,
            user,
            family_hash,
            refresh_hash,
            created_at_ms,
            expires_at_ms,
            revoked_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Session);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            user: reader.parse("user", &user)?,
            family_hash: reader.known("family_hash", from_hex(&family_hash))?,
            refresh_hash: reader.known("refresh_hash", from_hex(&refresh_hash))?,
            created_at: Timestamp::from_ms(created_at_ms),
            expires_at: Timestamp::from_ms(expires_at_ms),
            revoked_at: revoked_at_ms.map(Timestamp::from_ms),
            version,
        })
    }
}
