//! Lists: one Query each, newest first. Where a page begins is a bound on the sort key, not a stored cursor of DynamoDB's:
//! an id is all that a client is handed.

use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::page::{Page, PageRequest};
use ports::commerce::Consistency;
use ports::{PortError, PortErrorKind};

use super::key::{PARTITION, Partition, SORT};
use super::record::{self, Stored};
use super::{Attributes, Table, text};
use crate::error::port_error;

/// A list of a partition, by id.
pub(crate) struct Listing<Id> {
    pub(crate) partition: Partition,
    /// Inclusive.
    pub(crate) from: Option<Id>,
    /// Exclusive.
    pub(crate) to: Option<Id>,
    pub(crate) page: PageRequest<Id>,
    /// An attribute that must have a value. Filtered after reading: such a page may be short of its limit.
    pub(crate) filter: Option<(&'static str, AttributeValue)>,
}

impl Table {
    /// As [`Table::page_read`], eventually consistent.
    pub(crate) async fn page<T: Stored, Id: Ord + Copy + Display + FromStr>(
        &self,
        operation: &'static str,
        listing: Listing<Id>,
    ) -> Result<Page<T, Id>, PortError> {
        self.page_read(operation, listing, Consistency::Eventual).await
    }

    /// One Query. It asks for one more than the limit, so that `next` is told only when there is more. No index can be read
    /// strongly.
    pub(crate) async fn page_read<T: Stored, Id: Ord + Copy + Display + FromStr>(
        &self,
        operation: &'static str,
        listing: Listing<Id>,
        consistency: Consistency,
    ) -> Result<Page<T, Id>, PortError> {
        let Listing { partition, from, to, page: PageRequest { limit, after }, filter } = listing;
        let before = match (to, after) {
            (Some(to), Some(after)) => Some(to.min(after)),
            (to, after) => to.or(after),
        };
        if from.zip(before).is_some_and(|(from, before)| from >= before) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let bounds = Bounds { from: from.map(|id| id.to_string()), before: before.map(|id| id.to_string()) };
        let ask_for = i32::try_from(limit.get()).unwrap_or(i32::MAX).saturating_add(1);
        let is_strong = consistency == Consistency::Strong;
        let request = self.query(&partition, bounds).consistent_read(is_strong);
        let mut request = request.scan_index_forward(false).limit(ask_for);
        if let Some((attribute, value)) = filter {
            let expression = "#filtered = :filtered";
            request = request
                .filter_expression(expression)
                .expression_attribute_names("#filtered", attribute)
                .expression_attribute_values(":filtered", value);
        }
        let answer = request.send().await.map_err(|error| port_error(operation, error))?;
        let mut items = answer.items.unwrap_or_default();
        let one_more = items.len() > limit.get();
        items.truncate(limit.get());
        let last = if one_more { items.last() } else { answer.last_evaluated_key.as_ref() };
        let next = last.map(id_of).transpose()?;
        let items = items.into_iter().map(record::decode).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// One Query, read strongly. DynamoDB ends it at 1 MB, so it may be short of its limit though there is more. Nothing is
    /// filtered: one that is empty is the end.
    pub(crate) async fn oldest_first<T: Stored>(
        &self,
        operation: &'static str,
        partition: Partition,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<T>, PortError> {
        if bounds.from.as_ref().zip(bounds.before.as_ref()).is_some_and(|(from, before)| from >= before) {
            return Ok(Vec::new());
        }
        let limit = i32::try_from(limit).unwrap_or(i32::MAX).max(1);
        let answer = self.query(&partition, bounds).consistent_read(true).limit(limit).send().await;
        let items = answer.map_err(|error| port_error(operation, error))?.items.unwrap_or_default();
        items.into_iter().map(record::decode).collect()
    }

    /// A Query of a partition within bounds, ascending and eventually consistent unless told otherwise.
    pub(crate) fn query(&self, partition: &Partition, bounds: Bounds) -> QueryFluentBuilder {
        let Partition { index, pk } = partition;
        let (partition_name, sort_name) = index.map_or((PARTITION, SORT), |index| index.attributes());
        let mut request = self
            .client
            .query()
            .table_name(&*self.name)
            .set_index_name(index.map(|index| index.name().to_owned()))
            .expression_attribute_names("#pk", partition_name)
            .expression_attribute_values(":pk", text(pk));
        let Bounds { from, before } = bounds;
        if from.is_some() || before.is_some() {
            request = request.expression_attribute_names("#sk", sort_name);
        }
        // A key condition takes one comparison of the sort key, and its BETWEEN includes both ends.
        let (condition, from, before) = match (from, before) {
            (None, None) => ("#pk = :pk", None, None),
            (Some(from), None) => ("#pk = :pk AND #sk >= :from", Some(from), None),
            (None, Some(before)) => ("#pk = :pk AND #sk < :before", None, Some(before)),
            (Some(from), Some(before)) => {
                ("#pk = :pk AND #sk BETWEEN :from AND :before", Some(from), Some(just_below(before)))
            }
        };
        for (name, value) in [(":from", from), (":before", before)] {
            if let Some(value) = value {
                request = request.expression_attribute_values(name, text(value));
            }
        }
        request.key_condition_expression(condition)
    }
}

/// Sort keys from `from` on and below `before`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bounds {
    pub(crate) from: Option<String>,
    pub(crate) before: Option<String>,
}

/// A text below the given one and above every other text of its length that is below it. Sort keys of a partition have one
/// length.
fn just_below(mut text: String) -> String {
    if let Some(last) = text.pop() {
        let previous = char::from_u32(u32::from(last).saturating_sub(1)).unwrap_or('\0');
        text.push(previous);
        text.push('\u{7f}');
    }
    text
}

fn id_of<Id: FromStr>(item: &Attributes) -> Result<Id, PortError> {
    let id = item.get(SORT).and_then(|value| value.as_s().ok()).and_then(|text| text.parse().ok());
    id.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read the end of a page"))
}

#[cfg(test)]
mod tests {
    use domain::ids::OrderId;

    use super::*;

    #[test]
    fn just_below_an_id_is_above_the_id_before_it() {
        for value in [1_u128, 31, 32, 10, 11, 1 << 80, (1 << 80) + 17, u128::MAX] {
            let id = OrderId::from_u128(value).to_string();
            let before = OrderId::from_u128(value - 1).to_string();
            let below = just_below(id.clone());
            assert!(before < below && below < id, "{before} < {below} < {id}");
        }
    }
}
