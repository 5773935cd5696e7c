//! The gateway's authorizer: says whose access token it is. Knows the public key and the time, and no table.

use credentials::{Policy, verify};
use domain::access::Caller;
use ports::clock::Clock;
use ports::credentials::TokenKey;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub clock: &'a dyn Clock,
    pub key: &'a dyn TokenKey,
    pub policy: &'a Policy,
}

/// The error is a word for the log; a client only hears that it is not authorized.
pub async fn authorize(deps: Deps<'_>, token: &str) -> Result<Caller, String> {
    let key = deps.key.public_key().await.map_err(|error| error.to_string())?;
    verify(token, &[key], deps.policy, deps.clock.now()).map_err(|refusal| refusal.to_string())
}
