//! What the function is made of on AWS.

use aws::{Aws, SandboxTable, Settings};
use runtime::config::{Reader, environment};
use sandbox_model::{DAWDLE, Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let table = reader.text("SANDBOX_TABLE");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let book = SandboxTable::new(&aws, table);
    let deps = Deps { book: &book, dawdle: DAWDLE };
    runtime::run_http(async |request| answer(deps, request).await).await
}
