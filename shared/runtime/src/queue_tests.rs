//! A batch of good, failing, poisonous and panicking messages: each ends for itself.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use ports::{PortError, PortErrorKind};

use super::*;

#[derive(Default)]
struct Recorder {
    delayed: Mutex<Vec<(String, Duration)>>,
    buried: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl Redelivery for Recorder {
    async fn delay(&self, message: &Received, wait: Duration) -> Result<(), PortError> {
        self.delayed.lock().expect("unpoisoned").push((message.body.clone(), wait));
        Ok(())
    }

    async fn bury(&self, message: &Received, reason: &str) -> Result<(), PortError> {
        self.buried.lock().expect("unpoisoned").push((message.body.clone(), reason.to_owned()));
        Ok(())
    }
}

struct Nought;

impl Random for Nought {
    fn bits(&self) -> u128 {
        0
    }
}

fn message(body: &str, receive_count: u32) -> serde_json::Value {
    serde_json::json!({
        "messageId": body,
        "receiptHandle": "r",
        "body": body,
        "attributes": { "ApproximateReceiveCount": receive_count.to_string() },
        "messageAttributes": {}
    })
}

async fn run(messages: Vec<serde_json::Value>) -> (Vec<String>, Recorder) {
    let event = serde_json::from_value(serde_json::json!({ "Records": messages })).expect("an event");
    let recorder = Recorder::default();
    let handler = async |message: &Received| match message.body.as_str() {
        "good" => Ok(()),
        "poison" => Err(WorkError::Poison("no such payment".into())),
        "panic" => panic!("bug"),
        "refused" | "away" => {
            let kind = if message.body == "away" { PortErrorKind::Unavailable } else { PortErrorKind::Rejected };
            Err(PortError::caused_by(kind, "get an order", "arn:aws:iam::123456789012:role/worker is not authorised")
                .into())
        }
        _ => Err(WorkError::Retry { reason: "busy", source: None }),
    };
    let response = batch(&recorder, &Nought, 2, &handler, event, &mut Invocation::begin()).await;
    (response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect(), recorder)
}

#[tokio::test]
async fn only_what_failed_returns_and_poison_is_buried_with_its_reason() {
    let messages = vec![message("poison", 1), message("busy", 3), message("good", 1), message("panic", 1)];
    let (failed, recorder) = run(messages).await;
    assert_eq!(failed, ["busy", "panic"]);
    assert_eq!(
        *recorder.buried.lock().expect("unpoisoned"),
        [("poison".into(), "cannot be done: no such payment".into())]
    );
    let delayed = recorder.delayed.lock().expect("unpoisoned").clone();
    assert_eq!(delayed, [("busy".into(), Duration::from_secs(2)), ("panic".into(), Duration::from_millis(500))]);
}

/// Tenants read it.
#[tokio::test]
async fn the_reason_has_nothing_of_what_the_store_has_said() {
    let (_, recorder) = run(vec![message("refused", 1), message("away", RECEIVES_MAX)]).await;
    let mut buried = recorder.buried.lock().expect("unpoisoned").clone();
    buried.sort_unstable();
    let away = "to be tried again: a store or queue did not work";
    let refused = "cannot be done: get an order failed (Rejected)";
    assert_eq!(buried, [("away".into(), away.to_owned()), ("refused".into(), refused.to_owned())]);
}

#[tokio::test]
async fn the_last_try_is_buried_with_its_reason() {
    let (failed, recorder) = run(vec![message("busy", RECEIVES_MAX)]).await;
    assert!(failed.is_empty());
    assert_eq!(*recorder.buried.lock().expect("unpoisoned"), [("busy".into(), "to be tried again: busy".into())]);
}

// M3
#[test]
fn the_trace_that_a_message_carries_is_what_its_work_goes_on_from() {
    let mut traced = message("good", 1);
    traced["attributes"]["AWSTraceHeader"] = "Root=1-2".into();
    for (message, trace) in [(traced, Some("Root=1-2")), (message("good", 1), None)] {
        let message = received(serde_json::from_value(message).expect("a message"));
        assert_eq!(message.trace.as_deref(), trace);
    }
}
