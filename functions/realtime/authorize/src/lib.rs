//! The authorizer of sockets: whose token a handshake has, and whether its page may open sockets. Knows the public key and
//! the time, and no table.

use credentials::{Policy, verify};
use domain::access::{Action, Caller};
use domain::socket::Origins;
use http_kit::socket::Handshake;
use ports::clock::Clock;
use ports::credentials::TokenKey;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub clock: &'a dyn Clock,
    pub key: &'a dyn TokenKey,
    pub policy: &'a Policy,
    pub origins: &'a Origins,
}

/// The error is a word for the log; a client only hears that it is refused.
pub async fn authorize(deps: Deps<'_>, handshake: &Handshake) -> Result<Caller, String> {
    if !deps.origins.allow(handshake.origin()) {
        return Err("the page is not on the list of origins".to_owned());
    }
    let token = handshake.token().ok_or("not one token")?;
    let key = deps.key.public_key().await.map_err(|error| error.to_string())?;
    let caller = verify(token.reveal(), &[key], deps.policy, deps.clock.now());
    let caller = caller.map_err(|refusal| refusal.to_string())?;
    if !caller.grant.allows(Action::EventRead) {
        return Err("the caller may not read events".to_owned());
    }
    Ok(caller)
}
