//! Scheduled functions: the time alone is the event.

use app::sweep::Swept;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::PortError;
use serde_json::Value;

use crate::telemetry::{Invocation, chain};

pub async fn run_schedule<H>(handler: H) -> Result<(), Error>
where
    H: AsyncFn() -> Result<Swept, PortError>,
{
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        let mut line = Invocation::begin();
        let result = handler().await;
        match &result {
            Ok(Swept { done, failed }) => {
                line.count("Swept", *done);
                line.count("SweepFailures", *failed);
            }
            Err(error) => {
                line.field("level", "ERROR");
                line.field("error", chain(error));
            }
        }
        line.end();
        // The line has the reason; the runtime would log it a second time.
        result.map(|_| ()).map_err(|_| Error::from("the sweep failed"))
    }))
    .await
}
