//! Stream consumers: a batch of table changes in. A batch fails as a whole and comes again; consumers are idempotent. A
//! record that cannot be read would hold the stream for ever: it is counted, logged and passed over.

use std::collections::BTreeMap;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::PortError;
use ports::stream::{Image, StreamChange};
use serde_dynamo::Item;

use crate::telemetry::{Invocation, chain};

/// Turns a record's old and new image, empty where there is none, into a change.
pub type Decode = fn(Item, Item) -> Result<StreamChange, PortError>;

/// Hands changes on, a batch at a time, until the environment is taken down.
pub async fn run_stream<H>(decode: Decode, handler: H) -> Result<(), Error>
where
    H: AsyncFn(Vec<StreamChange>) -> Result<(), PortError>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        let mut line = Invocation::begin();
        let result = handler(changes(decode, event.payload.records, &mut line)).await;
        line.count("StreamFailures", usize::from(result.is_err()));
        if let Err(error) = &result {
            line.field("level", "ERROR");
            line.field("error", chain(error));
        }
        line.end();
        // The line has the reason; the runtime would log it a second time.
        result.map_err(|_| Error::from("the batch failed"))
    }))
    .await
}

fn changes(decode: Decode, records: Vec<EventRecord>, line: &mut Invocation) -> Vec<StreamChange> {
    let count = records.len();
    let readable = |record: EventRecord| {
        let change = decode(record.change.old_image, record.change.new_image);
        change
            .inspect_err(|error| {
                tracing::error!(event_id = record.event_id, error = chain(error), "record passed over")
            })
            .ok()
    };
    let changes: Vec<StreamChange> = records.into_iter().filter_map(readable).collect();
    line.count("StreamRecords", count);
    line.count("PoisonRecords", count - changes.len());
    count_events(&changes, line);
    changes
}

/// Every outcome is an event, so counting new events by type counts outcomes: `payment.succeeded`, `refund.failed`.
fn count_events(changes: &[StreamChange], line: &mut Invocation) {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for change in changes {
        if let StreamChange { old: None, new: Some(Image::Event(event)) } = change {
            *counts.entry(event.kind.as_str()).or_default() += 1;
        }
    }
    for (kind, count) in counts {
        line.count(kind, count);
    }
}

#[cfg(test)]
mod tests {
    use domain::event::{Event, EventType};
    use domain::ids::{EventId, TenantId};
    use domain::time::Timestamp;

    use super::*;

    fn event(kind: EventType) -> Image {
        Image::Event(Event {
            id: EventId::from_u128(1),
            tenant: TenantId::from_u128(1),
            kind,
            subject: String::new(),
            object: String::new(),
            request_id: None,
            idempotency_key: None,
            trace: None,
            created_at: Timestamp::from_ms(0),
        })
    }

    #[test]
    fn only_new_events_are_counted_by_type() {
        let added = |kind| StreamChange { old: None, new: Some(event(kind)) };
        let marked =
            StreamChange { old: Some(event(EventType::PaymentFailed)), new: Some(event(EventType::PaymentFailed)) };
        let changes = [added(EventType::PaymentSucceeded), added(EventType::PaymentSucceeded), marked];
        let mut line = Invocation::begin();
        count_events(&changes, &mut line);
        assert_eq!(line.counted("payment.succeeded"), Some(2));
        assert_eq!(line.counted("payment.failed"), None);
    }
}
