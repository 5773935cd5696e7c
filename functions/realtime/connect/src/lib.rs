//! `$connect`: the socket is opened, unless its session has ended or the tenant has too many.

use app::realtime::{self, Opening};
use http_kit::socket::{SocketAnswer, SocketRequest};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub opening: Opening<'a>,
}

pub async fn connect(deps: Deps<'_>, request: &SocketRequest) -> SocketAnswer {
    let Some((key, caller)) = request.key().zip(request.caller.clone()) else {
        return SocketAnswer::refused(401, "unauthenticated");
    };
    let context = request.context(deps.mint);
    match realtime::open(&context, deps.opening, key, caller).await {
        Ok(()) => SocketAnswer::opened(request.handshake.protocol()),
        Err(refused) => refused.into(),
    }
}
