//! `$disconnect`: the connection has ended, from either side. The gateway tells of most ends, not of all.

use app::realtime;
use http_kit::socket::{SocketAnswer, SocketRequest};
use ports::realtime::Sockets;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub sockets: &'a dyn Sockets,
}

pub async fn disconnect(deps: Deps<'_>, request: &SocketRequest) -> SocketAnswer {
    let Some(key) = request.key() else { return SocketAnswer::refused(401, "unauthenticated") };
    match realtime::close(deps.sockets, &key).await {
        Ok(()) => SocketAnswer::done(),
        Err(error) => SocketAnswer::failed(error),
    }
}
