//! The sandbox payment provider's book in a table of its own. A charge, the count of calls under its key and a refund are
//! one item each; `refundable` is what refunds may still take of a charge, so that one condition holds their sum.

mod record;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as TransactError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};
use ports::{PortError, PortErrorKind};
use sandbox::{Book, Charge, Entered, Key, Refund, RefundStatus, Step};
use serde::de::DeserializeOwned;

use self::record::{CallsRecord, ChargeRecord, Item, RefundRecord, corrupt, decode, dispute_name, encode};
use crate::Aws;
use crate::error::{is_written, port_error};

const ENTER_CHARGE: &str = "enter a charge of the sandbox";
const TAKE_STEP: &str = "take a step on a charge of the sandbox";
const ENTER_REFUND: &str = "enter a refund of the sandbox";
const STEP_TRIES: usize = 4;
/// An item's place in a transaction's answer.
const REFUND_ITEM: usize = 0;

#[derive(Debug, Clone)]
pub struct SandboxTable {
    client: Client,
    name: Arc<str>,
}

impl SandboxTable {
    pub fn new(aws: &Aws, name: impl Into<Arc<str>>) -> Self {
        Self { client: aws.dynamodb(), name: name.into() }
    }

    async fn get<T: DeserializeOwned>(&self, operation: &'static str, place: Item) -> Result<Option<T>, PortError> {
        let request = self.client.get_item().table_name(&*self.name).set_key(Some(place)).consistent_read(true);
        let answer = request.send().await.map_err(|error| port_error(operation, error))?;
        answer.item.map(decode).transpose()
    }

    /// Puts the item where there is none; else tells the one that is there.
    async fn put(&self, operation: &'static str, item: Item) -> Result<Option<Item>, PortError> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        let request = request
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                match error.into_err() {
                    PutItemError::ConditionalCheckFailedException(refusal) => {
                        refusal.item.map(Some).ok_or_else(|| corrupt(operation))
                    }
                    _ => Err(corrupt(operation)),
                }
            }
            Err(error) => Err(port_error(operation, error)),
        }
    }

    /// Writes the charge where what steps and refunds change of it is still what was read.
    async fn replace(&self, charge: &Charge, read: &Charge) -> Result<bool, PortError> {
        let mut item = encode(&ChargeRecord::from(charge))?;
        item.extend(charge_place(&charge.key));
        let request = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .condition_expression("#status = :status AND refunded = :refunded AND #dispute = :dispute")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#dispute", "dispute")
            .expression_attribute_values(":status", text(read.status.as_str()))
            .expression_attribute_values(":refunded", number(read.refunded))
            .expression_attribute_values(":dispute", text(dispute_name(read.dispute)));
        is_written(TAKE_STEP, request.send().await)
    }

    /// A refund that succeeds, with its charge.
    async fn put_refund(&self, refund: &Refund, item: Item) -> Result<Entered, PortError> {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build();
        let take = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(charge_place(&refund.charge)))
            .condition_expression("refundable >= :amount")
            .update_expression("SET refundable = refundable - :amount, refunded = refunded + :amount")
            .expression_attribute_values(":amount", number(refund.money.amount.get()))
            .build();
        let unusable = |error| PortError::caused_by(PortErrorKind::Rejected, ENTER_REFUND, error);
        let (put, take) = (put.map_err(unusable)?, take.map_err(unusable)?);
        let items = [TransactWriteItem::builder().put(put).build(), TransactWriteItem::builder().update(take).build()];
        match self.client.transact_write_items().set_transact_items(Some(items.into())).send().await {
            Ok(_) => Ok(Entered::Now),
            Err(error) => not_entered(error),
        }
    }
}

/// Which of the two conditions failed; the refund's own goes before.
fn not_entered(error: SdkError<TransactError>) -> Result<Entered, PortError> {
    let reasons = match error.as_service_error() {
        Some(TransactError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        Some(_) | None => return Err(port_error(ENTER_REFUND, error)),
    };
    let failed = reasons.iter().position(|reason| reason.code() == Some("ConditionalCheckFailed"));
    match failed {
        Some(REFUND_ITEM) => {
            let item = reasons[REFUND_ITEM].item().cloned().ok_or_else(|| corrupt(ENTER_REFUND))?;
            decode::<RefundRecord>(item)?.try_into().map(Entered::Before)
        }
        Some(_) => Ok(Entered::Exceeded),
        // Another transaction is at the charge, or the table asks to slow down: nothing was written.
        None => Err(PortError::new(PortErrorKind::Throttled, ENTER_REFUND)),
    }
}

#[async_trait]
impl Book for SandboxTable {
    async fn enter_charge(&self, charge: &Charge) -> Result<Option<Charge>, PortError> {
        let mut item = encode(&ChargeRecord::from(charge))?;
        item.extend(charge_place(&charge.key));
        let before = self.put(ENTER_CHARGE, item).await?;
        before.map(|item| decode::<ChargeRecord>(item)?.try_into()).transpose()
    }

    async fn charge(&self, key: &Key) -> Result<Option<Charge>, PortError> {
        let record: Option<ChargeRecord> = self.get("read a charge of the sandbox", charge_place(key)).await?;
        record.map(Charge::try_from).transpose()
    }

    async fn take_step(&self, key: &Key, step: Step) -> Result<Option<Charge>, PortError> {
        for _ in 0..STEP_TRIES {
            let Some(charge) = self.charge(key).await? else { return Ok(None) };
            let Some(next) = charge.after(step) else { return Ok(Some(charge)) };
            if self.replace(&next, &charge).await? {
                return Ok(Some(next));
            }
        }
        Err(PortError::new(PortErrorKind::Throttled, TAKE_STEP))
    }

    async fn count_call(&self, key: &Key) -> Result<u32, PortError> {
        const OPERATION: &str = "count a call of the sandbox";
        let request = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(place("charge", key, "calls")))
            .update_expression("ADD calls :one")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        let output = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let CallsRecord { calls } = decode(output.attributes.unwrap_or_default())?;
        Ok(calls)
    }

    async fn enter_refund(&self, refund: &Refund) -> Result<Entered, PortError> {
        let mut item = encode(&RefundRecord::from(refund))?;
        item.extend(refund_place(&refund.key));
        match refund.status {
            RefundStatus::Succeeded => self.put_refund(refund, item).await,
            RefundStatus::Refused(_) => match self.put(ENTER_REFUND, item).await? {
                Some(before) => decode::<RefundRecord>(before)?.try_into().map(Entered::Before),
                None => Ok(Entered::Now),
            },
        }
    }

    async fn refund(&self, key: &Key) -> Result<Option<Refund>, PortError> {
        let record: Option<RefundRecord> = self.get("read a refund of the sandbox", refund_place(key)).await?;
        record.map(Refund::try_from).transpose()
    }
}

fn charge_place(key: &Key) -> Item {
    place("charge", key, "charge")
}

fn refund_place(key: &Key) -> Item {
    place("refund", key, "refund")
}

fn place(kind: &str, key: &Key, sort: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("{kind}#{key}"))), ("sk".to_owned(), text(sort))])
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
