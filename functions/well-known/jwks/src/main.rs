//! What the function is made of on AWS.

use aws::{Aws, KmsTokenKey, Settings};
use runtime::config::{Reader, environment};
use well_known_jwks::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let token_key = reader.text("TOKEN_KEY");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let key = KmsTokenKey::new(&aws, token_key);
    let deps = Deps { key: &key };
    runtime::run_http(async |request| answer(deps, request).await).await
}
