//! What the function is made of on AWS.

use aws::{Aws, KmsTokenKey, Settings, SystemClock};
use credentials::{LEEWAY_MAX, Policy};
use runtime::config::{Reader, environment};
use tokens_authorize::{Deps, authorize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let token_key = reader.text("TOKEN_KEY");
    let public_url = reader.text("PUBLIC_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let key = KmsTokenKey::new(&aws, token_key);
    let policy = Policy { issuer: public_url.clone(), audience: public_url, leeway: LEEWAY_MAX };
    let deps = Deps { clock: &SystemClock, key: &key, policy: &policy };
    runtime::run_authorizer(async |token| authorize(deps, token).await).await
}
