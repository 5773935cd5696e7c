//! The keeper of dead letters: its events are messages of dead-letter queues, or questions of an operator. A message that
//! cannot be kept stays where it is and comes again.

use app::work::WorkError;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::dead_letter::Burial;
use domain::event::Queue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::PortError;
use ports::queues::{REASON, RECEIVE_COUNT};
use serde_json::Value;

use crate::telemetry::{Invocation, chain};

/// `queue_of` knows the queue of a dead-letter queue's ARN; `keep` is given its messages without what they are about.
pub async fn run_keeper<K, A>(queue_of: impl Fn(&str) -> Option<Queue>, keep: K, answer: A) -> Result<(), Error>
where
    K: AsyncFn(Burial) -> Result<(), WorkError>,
    A: AsyncFn(&Value) -> Result<Value, PortError>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let mut line = Invocation::begin();
        let answered = if event.payload["Records"].is_array() {
            keep_all(&queue_of, &keep, event.payload, &mut line).await
        } else {
            answer(&event.payload).await.map_err(|error| chain(&error))
        };
        if let Err(error) = &answered {
            line.field("level", "ERROR");
            line.field("error", error.clone());
        }
        line.end();
        // The line has the reason; the runtime would log it a second time.
        answered.map_err(|_| Error::from("the keeper failed"))
    }))
    .await
}

async fn keep_all<K>(
    queue_of: impl Fn(&str) -> Option<Queue>,
    keep: &K,
    event: Value,
    line: &mut Invocation,
) -> Result<Value, String>
where
    K: AsyncFn(Burial) -> Result<(), WorkError>,
{
    let event: SqsEvent = serde_json::from_value(event).map_err(|_| "the event cannot be read".to_owned())?;
    let mut response = SqsBatchResponse::default();
    let mut kept = 0;
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let source = message.event_source_arn.clone().unwrap_or_default();
        let result = match queue_of(&source) {
            Some(queue) => keep(burial(queue, message)).await,
            None => Err(WorkError::Poison("it comes from no queue that is known".to_owned())),
        };
        match result {
            Ok(()) => kept += 1,
            Err(error) => {
                tracing::error!(message_id = id, error = chain(&error), "dead letter not kept");
                response.add_failure(id);
            }
        }
    }
    line.count("DeadLettersKept", kept);
    line.count("DeadLettersNotKept", response.batch_item_failures.len());
    serde_json::to_value(response).map_err(|_| "the answer cannot be written".to_owned())
}

fn burial(queue: Queue, message: SqsMessage) -> Burial {
    let attribute = |name: &str| message.message_attributes.get(name).and_then(|it| it.string_value.clone());
    let reason = attribute(REASON);
    let receive_count = attribute(RECEIVE_COUNT).and_then(|count| count.parse().ok());
    Burial { queue, body: message.body.unwrap_or_default(), about: None, reason, receive_count }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_kept_comes_again() {
        let message = |id: &str, source: &str| {
            let attributes = json!({
                "reason": { "dataType": "String", "stringValue": "no luck" },
                "receive_count": { "dataType": "Number", "stringValue": "3" },
            });
            json!({ "messageId": id, "body": id, "eventSourceARN": source, "attributes": {}, "messageAttributes": attributes })
        };
        let records = [message("good", "a"), message("bad", "a"), message("foreign", "b")];
        let kept = RefCell::new(Vec::new());
        let keep = async |burial: Burial| {
            if burial.body == "bad" {
                return Err(WorkError::Poison("no".to_owned()));
            }
            kept.borrow_mut().push(burial);
            Ok(())
        };
        let queue_of = |source: &str| (source == "a").then_some(Queue::Payments);
        let mut line = Invocation::begin();
        let answer = keep_all(queue_of, &keep, json!({ "Records": records }), &mut line).await.expect("an answer");
        let failed: Vec<&str> = answer["batchItemFailures"]
            .as_array()
            .expect("failures")
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().expect("an id"))
            .collect();
        assert_eq!(failed, ["bad", "foreign"]);
        // I4: what the alarms of dead letters count.
        assert_eq!((line.counted("DeadLettersKept"), line.counted("DeadLettersNotKept")), (Some(1), Some(2)));
        let [Burial { queue, body, about, reason, receive_count }] = &kept.into_inner()[..] else { panic!("one") };
        assert_eq!((*queue, body.as_str(), about, *receive_count), (Queue::Payments, "good", &None, Some(3)));
        assert_eq!(reason.as_deref(), Some("no luck"));
    }
}
