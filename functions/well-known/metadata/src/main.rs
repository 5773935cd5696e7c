//! What the function is made of on AWS.

use runtime::config::{Reader, environment};
use well_known_metadata::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let public_url = reader.text("PUBLIC_URL");
    reader.finish(())?;
    let deps = Deps { issuer: &public_url };
    runtime::run_http(async |request| answer(deps, request).await).await
}
