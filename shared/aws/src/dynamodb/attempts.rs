//! Counters of password attempts: one item a scope, with the window that began with its first attempt.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use domain::identity::ATTEMPTS;
use domain::time::Timestamp;
use ports::identity::{AttemptScope, Attempts, LoginAttempts};
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::key::{Key, PARTITION};
use super::record::{Kind, Stored, Unreadable, decode, encode, ms};
use super::{IdentityTable, number};
use crate::digest::sha256_hex;
use crate::error::{if_written, is_written, port_error};

const COUNT: &str = "count an attempt";
/// Each round either counts, opens a window, or has just seen another open one.
const ROUNDS_MAX: usize = 3;

#[async_trait]
impl LoginAttempts for IdentityTable {
    /// One write within a window, two for its first attempt. A try whose answer was lost may count twice.
    async fn count(&self, scope: &AttemptScope, now: Timestamp) -> Result<Attempts, PortError> {
        for _ in 0..ROUNDS_MAX {
            if let Some(attempts) = self.count_in_window(scope, now).await? {
                return Ok(attempts);
            }
            if let Some(attempts) = self.open_window(scope, now).await? {
                return Ok(attempts);
            }
        }
        Err(PortError::new(PortErrorKind::Throttled, COUNT))
    }

    async fn forget(&self, scope: &AttemptScope) -> Result<(), PortError> {
        let table = &self.0;
        let request = table
            .client
            .delete_item()
            .table_name(&*table.name)
            .set_key(Some(Key::attempts(&name_of(scope)).into_attributes()));
        request.send().await.map(|_| ()).map_err(|error| port_error("forget attempts", error))
    }
}

impl IdentityTable {
    /// `None` when no window is running.
    async fn count_in_window(&self, scope: &AttemptScope, now: Timestamp) -> Result<Option<Attempts>, PortError> {
        let table = &self.0;
        let request = table
            .client
            .update_item()
            .table_name(&*table.name)
            .set_key(Some(Key::attempts(&name_of(scope)).into_attributes()))
            .condition_expression("#ends > :now")
            .update_expression("ADD #count :one")
            .expression_attribute_names("#ends", "window_ends_at_ms")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":now", number(ms(now)))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        let Some(output) = if_written(COUNT, request.send().await)? else { return Ok(None) };
        let window: Window = decode(output.attributes.unwrap_or_default())?;
        Ok(Some(window.attempts()))
    }

    /// `None` when another has opened one meanwhile.
    async fn open_window(&self, scope: &AttemptScope, now: Timestamp) -> Result<Option<Attempts>, PortError> {
        let window = Window { scope: name_of(scope), count: 1, ends_at: now.plus(ATTEMPTS.window) };
        let table = &self.0;
        let request = table
            .client
            .put_item()
            .table_name(&*table.name)
            .set_item(Some(encode(&window)?))
            .condition_expression("attribute_not_exists(#pk) OR #ends <= :now")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#ends", "window_ends_at_ms")
            .expression_attribute_values(":now", number(ms(now)));
        Ok(is_written(COUNT, request.send().await)?.then(|| window.attempts()))
    }
}

/// The scope as it is stored: no address of a person.
fn name_of(scope: &AttemptScope) -> String {
    match scope {
        AttemptScope::Account(email) => format!("account#{}", sha256_hex(email.as_str())),
        AttemptScope::Address(address) => format!("address#{address}"),
        AttemptScope::SignUps(address) => format!("sign-ups#{address}"),
    }
}

struct Window {
    scope: String,
    count: u32,
    ends_at: Timestamp,
}

impl Window {
    fn attempts(&self) -> Attempts {
        Attempts { count: self.count, window_ends_at: self.ends_at }
    }
}

impl Stored for Window {
    const KIND: Kind = Kind::Attempts;
    type Record = WindowRecord;

    fn key(&self) -> Key {
        Key::attempts(&self.scope)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }
}

#[derive(Serialize, Deserialize)]
struct WindowRecord {
    scope: String,
    count: u32,
    window_ends_at_ms: i64,
}

impl From<&Window> for WindowRecord {
    fn from(window: &Window) -> Self {
        let Window { scope, count, ends_at } = window;
        Self { scope: scope.clone(), count: *count, window_ends_at_ms: ms(*ends_at) }
    }
}

impl TryFrom<WindowRecord> for Window {
    type Error = Unreadable;

    fn try_from(record: WindowRecord) -> Result<Self, Unreadable> {
        let WindowRecord { scope, count, window_ends_at_ms } = record;
        Ok(Self { scope, count, ends_at: Timestamp::from_ms(window_ends_at_ms) })
    }
}
