//! Queues: SendMessageBatch, ten notices a call, and the text a notice travels as.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use domain::dead_letter::About;
use domain::event::{EventType, Notice, Queue};
use ports::blobs::{Blob, BlobKey};
use ports::queues::{Parcel, Queues, Returns, WAIT_MAX};
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use crate::Aws;
use crate::error::port_error;
use crate::s3::decode_uploads;

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const BATCH_ENTRIES_MAX: usize = 10;
const BATCH_BYTES_MAX: usize = 1_048_576;
/// What an entry's attributes weigh at most.
const ENTRY_OVERHEAD_BYTES: usize = 1_024;
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(25);
const OPERATION: &str = "send to a queue";

#[derive(Debug, Clone)]
pub struct SqsQueues {
    client: Client,
    urls: BTreeMap<Queue, String>,
}

impl SqsQueues {
    /// A function names the queues it sends to; sending to another is `Rejected`.
    pub fn new(aws: &Aws, urls: BTreeMap<Queue, String>) -> Self {
        Self { client: aws.sqs(), urls }
    }
}

#[async_trait]
impl Queues for SqsQueues {
    /// Whole seconds, rounded up: what SQS knows.
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError> {
        if wait > WAIT_MAX {
            return Err(PortError::caused_by(PortErrorKind::Rejected, OPERATION, "the wait is too long"));
        }
        let seconds = i32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX);
        let messages = notices.iter().map(Message::of).collect::<Result<Vec<_>, _>>()?;
        self.send_all(queue, seconds, messages).await
    }
}

#[async_trait]
impl Returns for SqsQueues {
    async fn send_back(&self, queue: Queue, parcels: &[Parcel]) -> Result<(), PortError> {
        let message = |Parcel { body, tenant, trace }: &Parcel| Message {
            body: body.clone(),
            tenant: tenant.to_string(),
            trace: trace.clone(),
        };
        self.send_all(queue, 0, parcels.iter().map(message).collect()).await
    }
}

impl SqsQueues {
    async fn send_all(&self, queue: Queue, seconds: i32, mut messages: Vec<Message>) -> Result<(), PortError> {
        let unknown =
            || PortError::caused_by(PortErrorKind::Rejected, OPERATION, format!("no URL for {}", queue.as_str()));
        let url = self.urls.get(&queue).ok_or_else(unknown)?;
        while !messages.is_empty() {
            let rest = messages.split_off(batch_len(&messages));
            self.send_batch(url, seconds, messages).await?;
            messages = rest;
        }
        Ok(())
    }

    /// A batch is answered entry by entry: those that failed are sent again, the others are durable.
    async fn send_batch(&self, url: &str, seconds: i32, mut messages: Vec<Message>) -> Result<(), PortError> {
        for attempt in 1..=TRIES {
            let entries = messages.iter().enumerate().map(|(index, message)| message.entry(index, seconds));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.client.send_message_batch().queue_url(url).set_entries(Some(entries));
            let failed = request.send().await.map_err(|error| port_error(OPERATION, error))?.failed;
            if failed.is_empty() {
                return Ok(());
            }
            if let Some(fault) = failed.iter().find(|entry| entry.sender_fault) {
                return Err(PortError::caused_by(PortErrorKind::Rejected, OPERATION, fault.code.clone()));
            }
            let failed: Vec<usize> = failed.iter().filter_map(|entry| entry.id.parse().ok()).collect();
            let mut index = 0..;
            messages.retain(|_| index.next().is_some_and(|index| failed.contains(&index)));
            tokio::time::sleep(PAUSE * attempt).await;
        }
        Err(PortError::caused_by(PortErrorKind::Unavailable, OPERATION, format!("{} entries failed", messages.len())))
    }
}

struct Message {
    body: String,
    tenant: String,
    trace: Option<String>,
}

impl Message {
    fn of(notice: &Notice) -> Result<Self, PortError> {
        let unwritable = |error| PortError::caused_by(PortErrorKind::Rejected, OPERATION, error);
        let body = serde_json::to_string(&Body::from(notice)).map_err(unwritable)?;
        Ok(Self { body, tenant: notice.tenant.to_string(), trace: notice.trace.clone() })
    }

    fn entry(&self, index: usize, delay_seconds: i32) -> Result<SendMessageBatchRequestEntry, PortError> {
        let mut entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(&self.body)
            .delay_seconds(delay_seconds)
            // On a standard queue the group is whom a long backlog belongs to: others' messages are given out first
            // (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).
            .message_group_id(&self.tenant);
        if let Some(trace) = &self.trace {
            let header = MessageSystemAttributeValue::builder().data_type("String").string_value(trace);
            let header =
                header.build().map_err(|error| PortError::caused_by(PortErrorKind::Rejected, OPERATION, error))?;
            entry = entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header);
        }
        entry.build().map_err(|error| PortError::caused_by(PortErrorKind::Rejected, OPERATION, error))
    }
}

/// How many of the messages one call takes.
fn batch_len(messages: &[Message]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Message| {
        bytes += message.body.len() + ENTRY_OVERHEAD_BYTES;
        bytes <= BATCH_BYTES_MAX
    };
    messages.iter().take(BATCH_ENTRIES_MAX).take_while(fits).count().max(1)
}

/// The message body: enough to find the subject.
#[derive(Serialize, Deserialize)]
struct Body {
    event: String,
    tenant: String,
    r#type: String,
    subject: String,
    /// Also the message's AWSTraceHeader, which Lambda's tracing reads; a dead letter keeps only the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl From<&Notice> for Body {
    fn from(notice: &Notice) -> Self {
        let Notice { event, tenant, kind, subject, trace } = notice;
        Self {
            event: event.to_string(),
            tenant: tenant.to_string(),
            r#type: kind.as_str().to_owned(),
            subject: subject.clone(),
            trace: trace.clone(),
        }
    }
}

/// The message was not written by this system, or by a later version that knows more events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message is no notice: {0}")]
pub struct UnreadableNotice(&'static str);

/// A received message's body and its `AWSTraceHeader`, if it has one, as [`SqsQueues`] sends them. Unknown fields are passed over: old code
/// may read what new code sent.
pub fn decode_notice(body: &str, header: Option<String>) -> Result<Notice, UnreadableNotice> {
    let Body { event, tenant, r#type, subject, trace } =
        serde_json::from_str(body).map_err(|_| UnreadableNotice("body"))?;
    Ok(Notice {
        event: event.parse().map_err(|_| UnreadableNotice("event"))?,
        tenant: tenant.parse().map_err(|_| UnreadableNotice("tenant"))?,
        kind: EventType::parse(&r#type).ok_or(UnreadableNotice("type"))?,
        subject,
        trace: header.or(trace),
    })
}

/// What any message of ours is about; none when it is not ours.
pub fn about_message(body: &str) -> Option<About> {
    let of_upload = || {
        let BlobKey { tenant, blob } = *decode_uploads(body).ok()?.first()?;
        match blob {
            Blob::Upload(file) => Some(About::upload(tenant, file)),
            Blob::File(_) | Blob::Report(..) | Blob::Rest(..) | Blob::Receipt { .. } => None,
        }
    };
    decode_notice(body, None).ok().as_ref().map(About::from).or_else(of_upload)
}

#[cfg(test)]
mod tests {
    use domain::event::Event;
    use domain::ids::{EventId, TenantId};
    use domain::time::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::listener::listener;

    fn notice(trace: Option<&str>) -> Notice {
        Notice {
            event: EventId::from_u128(7),
            tenant: TenantId::from_u128(8),
            kind: EventType::PaymentCreated,
            subject: "pay_1".to_owned(),
            trace: trace.map(str::to_owned),
        }
    }

    #[test]
    fn the_body_is_fixed_and_reads_back() {
        let traced = notice(Some("Root=1-2"));
        let message = Message::of(&traced).expect("a notice");
        assert_eq!(
            message.body,
            r#"{"event":"evt_00000000000000000000000007","tenant":"ten_00000000000000000000000008","type":"payment.created","subject":"pay_1","trace":"Root=1-2"}"#
        );
        assert_eq!(decode_notice(&message.body, None), Ok(traced.clone()));
        assert_eq!(decode_notice(&message.body, message.trace), Ok(traced));
    }

    /// M3: the header is what Lambda's tracing goes on from.
    #[tokio::test]
    async fn m3_a_message_carries_its_trace_and_its_tenant_s_group() {
        for (trace, attributes) in [
            (Some("Root=1-2"), json!({ "AWSTraceHeader": { "StringValue": "Root=1-2", "DataType": "String" } })),
            (None, Value::Null),
        ] {
            let (aws, heard) = listener(r#"{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":""}]}"#).await;
            let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Payments, "http://queue.example/1".to_owned())]));
            let wait = Duration::from_millis(1_500);
            queues.send_after(Queue::Payments, wait, &[notice(trace)]).await.expect("it is sent");
            let asked = heard.await.expect("a request");
            assert_eq!(asked["QueueUrl"], "http://queue.example/1");
            let [entry] = asked["Entries"].as_array().map(Vec::as_slice).unwrap_or_default() else { panic!("{asked}") };
            assert_eq!(entry["MessageSystemAttributes"], attributes);
            assert_eq!(
                (&entry["MessageGroupId"], &entry["DelaySeconds"]),
                (&json!(notice(None).tenant.to_string()), &json!(2))
            );
        }
    }

    /// I14: what is large stays in its table or in S3; a message says where.
    #[test]
    fn i14_a_message_does_not_grow_with_what_it_is_about() {
        let event = |bytes: usize| Event {
            id: EventId::from_u128(7),
            tenant: TenantId::from_u128(8),
            kind: EventType::JobSucceeded,
            subject: "job_1".to_owned(),
            object: "x".repeat(bytes),
            request_id: Some("r".repeat(bytes)),
            idempotency_key: Some("k".repeat(bytes)),
            trace: None,
            created_at: Timestamp::from_ms(0),
        };
        let message = |bytes: usize| Message::of(&Notice::from(&event(bytes))).expect("a notice");
        assert_eq!(message(300_000).body, message(0).body);
    }

    #[test]
    fn what_is_no_notice_is_named_without_its_text() {
        let good = Message::of(&notice(None)).expect("a notice").body;
        for (body, part) in [
            ("secret".to_owned(), "body"),
            (good.replace("evt_", "ord_"), "event"),
            (good.replace("ten_", "usr_"), "tenant"),
            (good.replace("payment.created", "payment.teleported"), "type"),
        ] {
            assert_eq!(decode_notice(&body, None), Err(UnreadableNotice(part)));
        }
        assert_eq!(decode_notice(&good.replace("{\"event", "{\"new\":1,\"event"), None), Ok(notice(None)));
    }

    #[test]
    fn batches_hold_ten_or_a_mebibyte() {
        let message = |bytes: usize| Message { body: "x".repeat(bytes), tenant: String::new(), trace: None };
        let batch = |count: usize, bytes: usize| batch_len(&(0..count).map(|_| message(bytes)).collect::<Vec<_>>());
        assert_eq!(batch(25, 100), 10);
        assert_eq!(batch(3, 100), 3);
        assert_eq!(batch(10, 300_000), 3);
        assert_eq!(batch(2, 2_000_000), 1);
    }
}
