//! What the function is made of on AWS.

use aws::{Aws, SandboxTable, Settings, SystemClock};
use domain::secret::Secret;
use runtime::config::{Reader, environment};
use sandbox_provider::{DAWDLE, Deps, HttpListener, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let table = reader.text("SANDBOX_TABLE");
    let api_key = Secret::new(reader.text("SANDBOX_API_KEY"));
    let events_url = reader.text("EVENTS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let book = SandboxTable::new(&aws, table);
    let listener = HttpListener::new(events_url, api_key.clone(), &SystemClock)?;
    let deps = Deps { book: &book, api_key: &api_key, dawdle: DAWDLE, listener: Some(&listener) };
    runtime::run_http(async |request| answer(deps, request).await).await
}
