//! One TransactWriteItems, and which of its conditions failed. Every item has a guard: what its failing means to whoever
//! made the transaction.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use ports::{PortError, PortErrorKind};

use super::key::PARTITION;
use super::record::{Stored, encode};
use super::{Attributes, Table, number};
use crate::error::port_error;

/// Items with their guards, in any order: they are written together.
pub(super) struct Writes<'a, Guard> {
    table: &'a Table,
    items: Vec<(Guard, TransactWriteItem)>,
}

/// Why nothing was written.
pub(super) enum NotWritten<Guard> {
    /// At least one item stood in the way.
    Cancelled(Vec<(Guard, Obstacle)>),
    Contended,
    Port(PortError),
}

/// What an item's cancellation reason says.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// Its condition is false of this item; none when there is no item or it was not asked for.
    Condition(Option<Attributes>),
    Conflict,
    Throttled,
    Rejected,
}

impl<'a, Guard> Writes<'a, Guard> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self { table, items: Vec::new() }
    }

    /// What is put from here on lies in another table; a transaction spans them.
    pub(super) fn go_on_in(&mut self, table: &'a Table) {
        self.table = table;
    }

    /// Stands when there is no item of this key.
    pub(super) fn create<T: Stored>(&mut self, guard: Guard, value: &T) -> Result<(), PortError> {
        let put = self
            .put(value)?
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PARTITION);
        self.push_put(guard, put)
    }

    /// Stands when the stored version is the one before the value's; the whole item is written again.
    pub(super) fn replace<T: Stored>(&mut self, guard: Guard, value: &T, version: u64) -> Result<(), PortError> {
        let put = self.put(value)?.condition_expression("#version = :previous");
        self.push_put(guard, after(put, version))
    }

    /// The same, and an attribute is what it was.
    pub(super) fn replace_keeping<T: Stored>(
        &mut self,
        guard: Guard,
        value: &T,
        version: u64,
        (attribute, kept): (&'static str, AttributeValue),
    ) -> Result<(), PortError> {
        let put = self
            .put(value)?
            .condition_expression("#version = :previous AND #kept = :kept")
            .expression_attribute_names("#kept", attribute)
            .expression_attribute_values(":kept", kept);
        self.push_put(guard, after(put, version))
    }

    /// Stands when there is no item of this key or its time is over. The item in the way comes back with the refusal.
    pub(super) fn claim<T: Stored>(&mut self, guard: Guard, value: &T, now_ms: i64) -> Result<(), PortError> {
        let put = self
            .put(value)?
            .condition_expression("attribute_not_exists(#pk) OR #expires_at_ms <= :now")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#expires_at_ms", "expires_at_ms")
            .expression_attribute_values(":now", number(now_ms))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        self.push_put(guard, put)
    }

    /// Stands when the stored version is the value's.
    pub(super) fn delete<T: Stored>(&mut self, guard: Guard, value: &T, version: u64) -> Result<(), PortError> {
        let delete = Delete::builder()
            .table_name(&*self.table.name)
            .set_key(Some(value.key().into_attributes()))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(version));
        self.push(guard, TransactWriteItem::builder().delete(built(delete.build())?).build());
        Ok(())
    }

    pub(super) fn update(&mut self, guard: Guard, update: Update) {
        self.push(guard, TransactWriteItem::builder().update(update).build());
    }

    /// Looks at an item that stays as it is.
    pub(super) fn check(&mut self, guard: Guard, check: ConditionCheck) {
        self.push(guard, TransactWriteItem::builder().condition_check(check).build());
    }

    pub(super) fn push(&mut self, guard: Guard, item: TransactWriteItem) {
        self.items.push((guard, item));
    }

    fn put<T: Stored>(&self, value: &T) -> Result<PutBuilder, PortError> {
        Ok(Put::builder().table_name(&*self.table.name).set_item(Some(encode(value)?)))
    }

    fn push_put(&mut self, guard: Guard, put: PutBuilder) -> Result<(), PortError> {
        let put = built(put.build())?;
        self.push(guard, TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    /// One call. The SDK gives it a client token, so that its own retries take effect once
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>). Nothing to write is
    /// written at once.
    pub(super) async fn send(self, operation: &'static str) -> Result<(), NotWritten<Guard>> {
        let Self { table, items } = self;
        if items.is_empty() {
            return Ok(());
        }
        let (guards, items): (Vec<Guard>, Vec<TransactWriteItem>) = items.into_iter().unzip();
        let result = table.client.transact_write_items().set_transact_items(Some(items)).send().await;
        result.map(|_| ()).map_err(|error| not_written(operation, guards, error))
    }
}

fn after(put: PutBuilder, version: u64) -> PutBuilder {
    put.expression_attribute_names("#version", "version")
        .expression_attribute_values(":previous", number(version.saturating_sub(1)))
}

fn not_written<Guard>(
    operation: &'static str,
    guards: Vec<Guard>,
    error: SdkError<TransactWriteItemsError>,
) -> NotWritten<Guard> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        // The SDK has tried again before it tells of these.
        Some(other) if is_conflict(other.code()) => return NotWritten::Contended,
        Some(_) | None => return NotWritten::Port(port_error(operation, error)),
    };
    let obstacles = guards.into_iter().zip(reasons);
    let obstacles: Vec<_> =
        obstacles.filter_map(|(guard, reason)| obstacle(reason).map(|obstacle| (guard, obstacle))).collect();
    if obstacles.is_empty() { NotWritten::Port(port_error(operation, error)) } else { NotWritten::Cancelled(obstacles) }
}

fn is_conflict(code: Option<&str>) -> bool {
    matches!(code, Some("TransactionConflictException" | "TransactionInProgressException"))
}

/// The codes are those of the API reference of TransactWriteItems, under "Cancellation reason codes".
fn obstacle(reason: &CancellationReason) -> Option<Obstacle> {
    match reason.code() {
        None | Some("None") => None,
        Some("ConditionalCheckFailed") => Some(Obstacle::Condition(reason.item().cloned())),
        Some("TransactionConflict") => Some(Obstacle::Conflict),
        Some("ThrottlingError" | "ProvisionedThroughputExceeded") => Some(Obstacle::Throttled),
        // "ItemCollectionSizeLimitExceeded", "ValidationError" and what is not documented.
        Some(_) => Some(Obstacle::Rejected),
    }
}

pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, PortError> {
    result.map_err(|error| PortError::caused_by(PortErrorKind::Rejected, "build a request", error))
}

/// A condition of the store failed that the domain finds true of the same item: the item's derived attributes are wrong.
pub(super) fn contradiction(operation: &'static str) -> PortError {
    PortError::new(PortErrorKind::Corrupt, operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_reason_has_a_meaning() {
        let told = |code: &str| obstacle(&CancellationReason::builder().code(code).build());
        assert!(told("None").is_none());
        assert!(obstacle(&CancellationReason::builder().build()).is_none());
        assert!(matches!(told("ConditionalCheckFailed"), Some(Obstacle::Condition(None))));
        assert!(matches!(told("TransactionConflict"), Some(Obstacle::Conflict)));
        assert!(matches!(told("ThrottlingError"), Some(Obstacle::Throttled)));
        assert!(matches!(told("ProvisionedThroughputExceeded"), Some(Obstacle::Throttled)));
        assert!(matches!(told("ItemCollectionSizeLimitExceeded"), Some(Obstacle::Rejected)));
        assert!(matches!(told("ValidationError"), Some(Obstacle::Rejected)));
    }
}
