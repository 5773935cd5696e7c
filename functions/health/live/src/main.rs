//! What the function is made of on AWS.

use health_live::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    runtime::run_http(async |request| answer(Deps {}, request).await).await
}
