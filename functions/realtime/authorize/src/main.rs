//! What the function is made of on AWS.

use aws::{Aws, KmsTokenKey, Settings, SystemClock};
use credentials::{LEEWAY_MAX, Policy};
use domain::socket::Origins;
use realtime_authorize::{Deps, authorize};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let token_key = reader.text("TOKEN_KEY");
    let public_url = reader.text("PUBLIC_URL");
    // None is none: what is no browser may connect even so.
    let are_there = reader.optional("ALLOWED_ORIGINS").is_some();
    let origins = if are_there { reader.known("ALLOWED_ORIGINS", Origins::parse) } else { None };
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let key = KmsTokenKey::new(&aws, token_key);
    let policy = Policy { issuer: public_url.clone(), audience: public_url, leeway: LEEWAY_MAX };
    let origins = origins.unwrap_or_default();
    let deps = Deps { clock: &SystemClock, key: &key, policy: &policy, origins: &origins };
    runtime::run_socket_authorizer(async |handshake| authorize(deps, handshake).await).await
}
