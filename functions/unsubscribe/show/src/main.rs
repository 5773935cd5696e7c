//! What the function is made of on AWS.

use unsubscribe_show::answer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    runtime::run_http(async |request| answer(request).await).await
}
