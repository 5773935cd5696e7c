//! Functions that a schedule starts and a person may invoke, too: the event in, counts for the metrics and an answer out.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::PortError;
use serde_json::Value;

use crate::telemetry::{Invocation, chain};

/// Each count is a metric of the invocation's line.
pub type Counts = Vec<(&'static str, usize)>;

pub async fn run_task<H>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(Value) -> Result<(Counts, Value), PortError>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let mut line = Invocation::begin();
        let result = handler(event.payload).await;
        match &result {
            Ok((counts, _)) => counts.iter().for_each(|(name, count)| line.count(name, *count)),
            Err(error) => {
                line.field("level", "ERROR");
                line.field("error", chain(error));
            }
        }
        line.end();
        // The line has the reason; the runtime would log it a second time.
        result.map(|(_, answer)| answer).map_err(|_| Error::from("the task failed"))
    }))
    .await
}
