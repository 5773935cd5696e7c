//! Stream consumers: a batch of table changes in. A batch fails as a whole and comes again; consumers are idempotent.

use aws_lambda_events::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::PortError;

use crate::telemetry::{Invocation, chain};

/// One change, with the images still in DynamoDB's form. Empty where there is none.
pub struct StreamRecord {
    pub old: serde_dynamo::Item,
    pub new: serde_dynamo::Item,
}

pub async fn run_stream<H>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(Vec<StreamRecord>) -> Result<(), PortError>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        let mut line = Invocation::begin();
        let records = event.payload.records.into_iter();
        let records: Vec<_> =
            records.map(|record| StreamRecord { old: record.change.old_image, new: record.change.new_image }).collect();
        line.count("StreamRecords", records.len());
        let result = handler(records).await;
        line.count("StreamFailures", usize::from(result.is_err()));
        if let Err(error) = &result {
            line.field("level", "ERROR");
            line.field("error", chain(error));
        }
        line.end();
        result.map_err(Error::from)
    }))
    .await
}
