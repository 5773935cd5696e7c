//! A queue with its dead letters, as the stack's outputs name them, and the calls of SQS that reading and redriving take.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use crate::account::Account;
use crate::aws::{self, Stack};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many one task reads.
pub const LETTERS_MAX: usize = 1_000;
/// What SQS gives, or takes, in one call.
const PAGE: usize = 10;
/// Without a wait SQS asks only some of its servers and may say "none" where there are some.
const WAIT_SECONDS: u32 = 1;
/// The message attribute that the workers put the reason in.
const REASON: &str = "reason";
const DEAD_LETTERS_URL: &str = "DeadLettersUrl";

pub struct Queue {
    /// `payments`, `webhook-deliveries`.
    pub name: String,
    url: String,
    dead_letters_url: String,
}

/// Every `<Name>DeadLettersUrl` among the outputs, with its `<Name>QueueUrl`.
pub fn of_stack(stack: &Stack) -> Result<Vec<Queue>> {
    let noun = |(key, url)| Some((str::strip_suffix(key, DEAD_LETTERS_URL)?, url));
    let queues = stack.outputs().filter_map(noun).map(|(noun, url): (&str, &str)| {
        let source = stack.output(&format!("{noun}QueueUrl"))?;
        Ok(Queue { name: kebab(noun), url: source.to_owned(), dead_letters_url: url.to_owned() })
    });
    let mut queues = queues.collect::<Result<Vec<Queue>>>()?;
    queues.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(!queues.is_empty(), "the stack has no output that ends in {DEAD_LETTERS_URL}");
    Ok(queues)
}

impl Queue {
    /// Every letter once, hidden from others for `hidden`, until there are no more, `enough` or the bound is reached.
    pub fn receive(
        &self,
        account: &Account,
        hidden: Duration,
        enough: impl Fn(&Letter) -> bool,
    ) -> Result<Vec<Letter>> {
        // A letter that is given out twice is the same letter, with another receipt.
        let mut letters = BTreeMap::new();
        while letters.len() < LETTERS_MAX {
            let page = self.receive_page(account, hidden)?;
            let is_last = page.is_empty() || page.iter().any(&enough);
            letters.extend(page.into_iter().map(|letter| (letter.id.clone(), letter)));
            if is_last {
                break;
            }
        }
        let mut letters: Vec<Letter> = letters.into_values().collect();
        letters.sort_by_key(|letter| letter.sent_ms);
        Ok(letters)
    }

    fn receive_page(&self, account: &Account, hidden: Duration) -> Result<Vec<Letter>> {
        let request = json!({
            "QueueUrl": self.dead_letters_url,
            "MaxNumberOfMessages": PAGE,
            "VisibilityTimeout": hidden.as_secs(),
            "WaitTimeSeconds": WAIT_SECONDS,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let answer = sqs(account, "ReceiveMessage", &request)?;
        answer["Messages"].as_array().into_iter().flatten().map(Letter::of).collect()
    }

    /// Lets others see the letters again at once.
    pub fn release(&self, account: &Account, letters: &[Letter]) -> Result<()> {
        for page in letters.chunks(PAGE) {
            let entry = |(index, Letter { receipt, .. }): (usize, &Letter)| json!({ "Id": index.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": 0 });
            let entries: Vec<Value> = page.iter().enumerate().map(entry).collect();
            let request = json!({ "QueueUrl": self.dead_letters_url, "Entries": entries });
            // An entry that fails shows again by itself, a little later.
            sqs(account, "ChangeMessageVisibilityBatch", &request)?;
        }
        Ok(())
    }

    /// The id it has in the queue from now on.
    pub fn send_back(&self, account: &Account, letter: &Letter) -> Result<String> {
        let answer = sqs(account, "SendMessage", &letter.again(&self.url))?;
        Ok(answer["MessageId"].as_str().context("SQS gave no message id")?.to_owned())
    }

    pub fn delete(&self, account: &Account, letter: &Letter) -> Result<()> {
        let request = json!({ "QueueUrl": self.dead_letters_url, "ReceiptHandle": letter.receipt });
        sqs(account, "DeleteMessage", &request).map(drop)
    }
}

fn sqs(account: &Account, action: &str, request: &Value) -> Result<Value> {
    aws::json_1_0(account, "sqs", &format!("AmazonSQS.{action}"), request)
}

/// A message that a worker could not do.
pub struct Letter {
    pub id: String,
    receipt: String,
    body: String,
    sent_ms: i64,
    receive_count: String,
    /// Absent when SQS moved it here itself, after the last of too many receipts.
    reason: Option<String>,
    tenant: Option<String>,
    trace: Option<String>,
    /// What else it carried, as SQS gives and takes it.
    attributes: Map<String, Value>,
}

impl Letter {
    fn of(message: &Value) -> Result<Self> {
        let text = |name: &str| message[name].as_str().map(str::to_owned);
        let system = |name: &str| message["Attributes"][name].as_str().map(str::to_owned);
        let body = text("Body").context("a message without a body")?;
        let notice: Value = serde_json::from_str(&body).unwrap_or_default();
        let of_body = |name: &str| notice[name].as_str().map(str::to_owned);
        let mut attributes = message["MessageAttributes"].as_object().cloned().unwrap_or_default();
        let reason = attributes.remove(REASON).and_then(|reason| Some(reason["StringValue"].as_str()?.to_owned()));
        Ok(Self {
            id: text("MessageId").context("a message without an id")?,
            receipt: text("ReceiptHandle").context("a message without a receipt")?,
            sent_ms: system("SentTimestamp").and_then(|sent| sent.parse().ok()).unwrap_or_default(),
            receive_count: system("ApproximateReceiveCount").unwrap_or_else(|| "?".to_owned()),
            // A worker that buries a letter sends its body alone, which says both again. What SQS would refuse is left out.
            tenant: system("MessageGroupId").or_else(|| of_body("tenant").filter(|tenant| is_id(tenant))),
            trace: system("AWSTraceHeader").or_else(|| of_body("trace").filter(|trace| trace.starts_with("Root="))),
            reason,
            body,
            attributes,
        })
    }

    /// The request that sends it anew: all it had but the reason it died of.
    fn again(&self, queue_url: &str) -> Value {
        let mut request = json!({ "QueueUrl": queue_url, "MessageBody": self.body });
        if let Some(tenant) = &self.tenant {
            request["MessageGroupId"] = tenant.as_str().into();
        }
        if let Some(trace) = &self.trace {
            let header = json!({ "DataType": "String", "StringValue": trace });
            request["MessageSystemAttributes"] = json!({ "AWSTraceHeader": header });
        }
        if !self.attributes.is_empty() {
            request["MessageAttributes"] = self.attributes.clone().into();
        }
        request
    }

    /// What it was about, in a few words. A body that is no notice is not shown: nobody knows what is in it.
    pub fn subject(&self) -> String {
        let notice: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match (notice["type"].as_str(), notice["tenant"].as_str(), notice["subject"].as_str()) {
            (Some(kind), Some(tenant), Some(subject)) => printable(&format!("{kind} {subject} of {tenant}")),
            _ => format!("{} bytes that are no notice", self.body.len()),
        }
    }

    pub fn shown(&self, now: jiff::Timestamp) -> String {
        let Self { id, sent_ms, receive_count, reason, .. } = self;
        let age = age(now.as_millisecond().saturating_sub(*sent_ms));
        let reason = reason.as_deref().unwrap_or("none told: SQS moved it here after too many receipts");
        let subject = self.subject();
        format!("{id}  {age} old, received {receive_count} x\n  {subject}\n  reason: {}", printable(reason))
    }
}

fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn age(ms: i64) -> String {
    match ms.max(0) / 1_000 {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Nothing that a terminal would act upon.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `WebhookDeliveries` is the queue `webhook-deliveries`.
fn kebab(noun: &str) -> String {
    let mut name = String::new();
    for letter in noun.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
