//! `$default`: a message of a client. It is answered over the socket, whatever it says.

use app::realtime::{self, Talking};
use http_kit::socket::{SocketAnswer, SocketRequest, said};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub talking: Talking<'a>,
}

pub async fn hear(deps: Deps<'_>, request: &SocketRequest) -> SocketAnswer {
    let Some(key) = request.key() else { return SocketAnswer::refused(401, "unauthenticated") };
    let context = request.context(deps.mint);
    match realtime::answer(&context, deps.talking, &key, said(&request.body)).await {
        Ok(None) => SocketAnswer::done(),
        // The gateway is not to add an answer of its own.
        Ok(Some(code)) => SocketAnswer { code: Some(code), ..SocketAnswer::done() },
        Err(error) => error.into(),
    }
}
