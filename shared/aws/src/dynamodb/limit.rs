//! Limits: one number a caller and route class, moved on by a conditional update.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::access::Caller;
use domain::rate_limit::{LimitDecision, PaidUntil, Quota, decide};
use domain::time::Timestamp;
use ports::cache::RouteClass;
use ports::limits::Limits;
use ports::{PortError, PortErrorKind};

use super::key::{Key, PARTITION};
use super::record::{EXPIRES_AT, KIND, Kind};
use super::{Attributes, IdentityTable, number, text};
use crate::error::port_error;

const OPERATION: &str = "count a call";
const PAID_UNTIL: &str = "paid_until_us";
/// Each round either counts, refuses, or has just seen another count.
const ROUNDS_MAX: usize = 8;
/// A number that lies in the past is as good as none.
const KEPT_SECONDS: i64 = 3_600;

#[async_trait]
impl Limits for IdentityTable {
    /// Two writes, the first of which learns what is there; one for a first call. One more for each call in between.
    async fn count(
        &self,
        caller: &Caller,
        class: RouteClass,
        quota: Quota,
        now: Timestamp,
    ) -> Result<LimitDecision, PortError> {
        let mut known = PaidUntil::default();
        for _ in 0..ROUNDS_MAX {
            let (next, decision) = decide(known, quota, 1, now);
            if !decision.allowed {
                return Ok(decision);
            }
            match self.pay(caller, class, (known, next), now).await? {
                Paid::Done => return Ok(decision),
                Paid::Found(other) => known = other,
            }
        }
        Err(PortError::new(PortErrorKind::Throttled, OPERATION))
    }
}

enum Paid {
    Done,
    /// What is there instead of what was known.
    Found(PaidUntil),
}

impl IdentityTable {
    async fn pay(
        &self,
        caller: &Caller,
        class: RouteClass,
        (known, next): (PaidUntil, PaidUntil),
        now: Timestamp,
    ) -> Result<Paid, PortError> {
        let table = &self.0;
        let request = table
            .client
            .update_item()
            .table_name(&*table.name)
            .set_key(Some(Key::limit(caller.tenant, class, &caller.subject).into_attributes()))
            .condition_expression("#paid = :known OR (attribute_not_exists(#pk) AND :known = :nothing)")
            .update_expression("SET #paid = :next, #kind = :kind, #ttl = :ttl")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#paid", PAID_UNTIL)
            .expression_attribute_names("#kind", KIND)
            .expression_attribute_names("#ttl", EXPIRES_AT)
            .expression_attribute_values(":known", number(known.0))
            .expression_attribute_values(":nothing", number(0))
            .expression_attribute_values(":next", number(next.0))
            .expression_attribute_values(":kind", text(Kind::Limit.as_str()))
            .expression_attribute_values(":ttl", number(now.as_seconds().saturating_add(KEPT_SECONDS)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(Paid::Done),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    // Where the item is not told, it was dropped in between.
                    Ok(Paid::Found(service_item(service).map_or(Ok(PaidUntil::default()), |item| paid_until(&item))?))
                }
                _ => Err(port_error(OPERATION, error)),
            },
        }
    }
}

fn service_item(error: &aws_sdk_dynamodb::operation::update_item::UpdateItemError) -> Option<Attributes> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
    match error {
        ConditionalCheckFailedException(failed) => failed.item().cloned(),
        _ => None,
    }
}

fn paid_until(item: &Attributes) -> Result<PaidUntil, PortError> {
    let number = item.get(PAID_UNTIL).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    number.map(PaidUntil).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))
}
