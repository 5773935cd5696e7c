//! Opening a socket, once the gateway's authorizer has said whose it is, and closing it.

use domain::access::Caller;
use domain::event::EventType;
use domain::socket::{LOOKED_AT_EACH, SOCKETS_MAX, Socket};
use ports::PortError;
use ports::queues::Queues;
use ports::realtime::Sockets;

use super::{SocketKey, send};
use crate::Context;
use crate::outside::Standing;

#[derive(Clone, Copy)]
pub struct Opening<'a> {
    pub sockets: &'a dyn Sockets,
    pub queues: &'a dyn Queues,
    pub standing: Standing<'a>,
}

/// Why a socket is not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the access token is not valid any more")]
    Unauthenticated,
    #[error("the tenant has {SOCKETS_MAX} sockets already")]
    TooMany,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Of sockets that are opened at once no more stay than there may be: each is counted after it was written.
pub async fn open(context: &Context<'_>, on: Opening<'_>, key: SocketKey, caller: Caller) -> Result<(), Refused> {
    let now = context.now();
    let socket = Socket::new(key.id.clone(), caller, now);
    if socket.is_expired(now) || on.standing.is_revoked(&socket.caller, now).await? {
        return Err(Refused::Unauthenticated);
    }
    // A first try whose answer was lost has written it.
    on.sockets.put(&socket).await?;
    let is_open = |socket: &&Socket| !socket.is_expired(now);
    if on.sockets.all(key.tenant).await?.iter().filter(is_open).count() > SOCKETS_MAX {
        on.sockets.remove(key.tenant, &key.id).await?;
        return Err(Refused::TooMany);
    }
    let wait = socket.expires_at().since(now).min(LOOKED_AT_EACH);
    Ok(send(context, on.queues, EventType::RealtimeSocketDue, &key, wait).await?)
}

/// The connection has ended.
pub async fn close(sockets: &dyn Sockets, key: &SocketKey) -> Result<(), PortError> {
    sockets.remove(key.tenant, &key.id).await
}
