//! What becomes of a queue's message that its worker could not finish: hidden for a while, or put among the dead letters
//! with the reason beside it.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use ports::queues::{REASON, RECEIVE_COUNT, Received, Redelivery};
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::port_error;

/// The longest visibility that SQS takes
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>).
const VISIBILITY_MAX: Duration = Duration::from_secs(43_200);
/// A reason is for people: it needs no more.
const REASON_LEN_MAX: usize = 1_000;

#[derive(Debug, Clone)]
pub struct SqsRedelivery {
    client: Client,
    queue_url: String,
    dead_letters_url: String,
}

impl SqsRedelivery {
    pub fn new(aws: &Aws, queue_url: impl Into<String>, dead_letters_url: impl Into<String>) -> Self {
        Self { client: aws.sqs(), queue_url: queue_url.into(), dead_letters_url: dead_letters_url.into() }
    }
}

#[async_trait]
impl Redelivery for SqsRedelivery {
    async fn delay(&self, message: &Received, wait: Duration) -> Result<(), PortError> {
        let seconds = wait.min(VISIBILITY_MAX).as_millis().div_ceil(1_000);
        let request =
            self.client.change_message_visibility().queue_url(&self.queue_url).receipt_handle(&message.receipt);
        let request = request.visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        request.send().await.map_err(|error| port_error("delay a message", error))?;
        Ok(())
    }

    async fn bury(&self, message: &Received, reason: &str) -> Result<(), PortError> {
        const OPERATION: &str = "bury a message";
        let reason: String = reason.chars().take(REASON_LEN_MAX).collect();
        let attribute = |kind, value: String| {
            let attribute = MessageAttributeValue::builder().data_type(kind).string_value(value).build();
            attribute.map_err(|error| PortError::caused_by(PortErrorKind::Rejected, OPERATION, error))
        };
        let reason = attribute("String", reason)?;
        let receive_count = attribute("Number", message.receive_count.to_string())?;
        let request = self.client.send_message().queue_url(&self.dead_letters_url).message_body(&message.body);
        let request = request.message_attributes(REASON, reason).message_attributes(RECEIVE_COUNT, receive_count);
        request.send().await.map_err(|error| port_error(OPERATION, error))?;
        Ok(())
    }
}
