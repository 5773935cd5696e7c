//! The three tables. What lies where is `key.rs`, how a value is written as an item is the record beside its port's adapter,
//! and `docs/DATA.md` is the map.

mod account;
mod allowance;
mod attachment;
mod attempts;
mod balance;
mod batch;
mod block;
mod closing;
mod commit;
mod connection;
mod dead_letter;
mod dispute;
mod due;
mod event;
mod fee;
mod feed;
mod file;
mod idempotency;
mod job;
mod job_invoice;
mod job_line;
mod journal;
mod key;
mod limit;
mod mail;
mod order;
mod payment;
mod platform;
mod query;
mod record;
mod reference;
mod refund;
mod schedule;
mod session;
mod socket;
mod statement;
mod statement_page;
pub(crate) mod stream;
mod tenant;
mod transact;
mod transaction;
mod user;
mod verification;
mod wallet;
mod webhook_delivery;
mod webhook_endpoint;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use ports::PortError;
use ports::commerce::Consistency;

use self::key::{Key, PARTITION};
use self::record::{Stored, encode};
use crate::Aws;
use crate::error::{is_written, port_error};

pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// Orders, payments, refunds, disputes, statements, wallets, the ledger with its journal and closings, connections to
/// providers, idempotency records and events.
#[derive(Debug, Clone)]
pub struct CommerceTable(Table);

impl CommerceTable {
    pub fn new(aws: &Aws, name: impl Into<Arc<str>>) -> Self {
        Self(Table { client: aws.dynamodb(), name: name.into() })
    }
}

/// Files and the rest of what surrounds the payments. Its events are the commerce table's.
#[derive(Debug, Clone)]
pub struct PlatformTable {
    platform: Table,
    commerce: Table,
}

impl PlatformTable {
    pub fn new(aws: &Aws, platform: impl Into<Arc<str>>, commerce: impl Into<Arc<str>>) -> Self {
        let client = aws.dynamodb();
        let commerce = Table { client: client.clone(), name: commerce.into() };
        Self { platform: Table { client, name: platform.into() }, commerce }
    }
}

/// Tenants, users with their logins, sessions and the counters of password attempts.
#[derive(Debug, Clone)]
pub struct IdentityTable(Table);

impl IdentityTable {
    pub fn new(aws: &Aws, name: impl Into<Arc<str>>) -> Self {
        Self(Table { client: aws.dynamodb(), name: name.into() })
    }
}

#[derive(Debug, Clone)]
struct Table {
    client: Client,
    name: Arc<str>,
}

impl Table {
    /// One GetItem; half the price when eventually consistent.
    async fn get<T: Stored>(
        &self,
        operation: &'static str,
        key: Key,
        consistency: Consistency,
    ) -> Result<Option<T>, PortError> {
        let request = self.client.get_item().table_name(&*self.name).set_key(Some(key.into_attributes()));
        let answer = request
            .consistent_read(consistency == Consistency::Strong)
            .send()
            .await
            .map_err(|error| port_error(operation, error))?;
        answer.item.map(record::decode).transpose()
    }

    /// One PutItem of the whole item, which stands on the version before this one; of the first, there is none yet. `false` where
    /// another was written first.
    async fn put_next<T: Stored>(&self, operation: &'static str, value: &T, version: u64) -> Result<bool, PortError> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(encode(value)?));
        let request = if version <= 1 {
            request.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PARTITION)
        } else {
            request
                .condition_expression("#version = :previous")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":previous", number(version - 1))
        };
        is_written(operation, request.send().await)
    }
}

/// A number attribute.
fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
