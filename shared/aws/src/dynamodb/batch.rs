//! Several items by their keys in one BatchGetItem. What DynamoDB leaves out for its size or for want of throughput is asked
//! for again, a few times
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>, "UnprocessedKeys").

use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use ports::commerce::{BATCH_MAX, Consistency};
use ports::{PortError, PortErrorKind};

use super::Table;
use super::key::Key;
use super::record::{self, Stored};
use super::transact::built;
use crate::error::port_error;

/// Before each try after the first. An answer of 16 MB, as much as there is in one, needs none of them for a page of ours.
const PAUSES: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(50), Duration::from_millis(100)];

impl Table {
    /// Those that are there, in any order. The keys are distinct.
    pub(super) async fn get_many<T: Stored>(
        &self,
        operation: &'static str,
        keys: Vec<Key>,
        consistency: Consistency,
    ) -> Result<Vec<T>, PortError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if keys.len() > BATCH_MAX {
            return Err(PortError::new(PortErrorKind::Rejected, operation));
        }
        let keys = keys.into_iter().map(Key::into_attributes).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys));
        let mut wanted = built(wanted.consistent_read(consistency == Consistency::Strong).build())?;
        let mut found = Vec::new();
        let mut pauses = PAUSES.into_iter();
        loop {
            let request = self.client.batch_get_item().request_items(&*self.name, wanted);
            let answer = request.send().await.map_err(|error| port_error(operation, error))?;
            let items = answer.responses.into_iter().flat_map(|mut by_table| by_table.remove(&*self.name));
            for item in items.flatten() {
                found.push(record::decode(item)?);
            }
            let left = answer.unprocessed_keys.and_then(|mut by_table| by_table.remove(&*self.name));
            let Some(left) = left.filter(|left| !left.keys.is_empty()) else { return Ok(found) };
            let Some(pause) = pauses.next() else { return Err(PortError::new(PortErrorKind::Throttled, operation)) };
            tokio::time::sleep(pause).await;
            wanted = left;
        }
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
