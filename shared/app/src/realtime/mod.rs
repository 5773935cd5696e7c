//! Realtime: sockets that hear of their tenant's events. Every public event gets one place in the tenant's feed (`feed`);
//! a socket is how far somebody is in it, and whoever has its lease pushes on from there, one event after the other
//! (`push`). So nothing is lost and the order is one for all, whoever is told late, twice, or comes back.

mod feed;
mod open;
mod push;
mod talk;

use domain::event::{EventType, Notice, Queue};
use domain::ids::TenantId;
use domain::socket::SocketId;
use domain::time::Timestamp;
use domain::turn::Turn;
use ports::PortError;
use ports::queues::{Queues, WAIT_MAX};
use ports::realtime::Sockets;

use crate::Context;
use crate::commit::TRIES;

pub use feed::Feeding;
pub use open::{Opening, Refused, close, open};
pub use push::{Pushing, work};
pub use talk::{Complaint, Said, Talking, answer};

/// Which socket is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketKey {
    pub tenant: TenantId,
    pub id: SocketId,
}

/// A message about one socket, for when the wait is over.
async fn send(
    context: &Context<'_>,
    queues: &dyn Queues,
    kind: EventType,
    key: &SocketKey,
    wait: std::time::Duration,
) -> Result<(), PortError> {
    let trace = context.origin.trace.clone();
    let notice = Notice { event: context.id(), tenant: key.tenant, kind, subject: key.id.to_string(), trace };
    queues.send_after(Queue::Realtime, wait.min(WAIT_MAX), &[notice]).await
}

/// Gives a lease back, unless it is another's by now.
async fn release(sockets: &dyn Sockets, key: &SocketKey, lease: Option<Timestamp>) -> Result<(), PortError> {
    for _ in 0..TRIES {
        let socket = sockets.get(key.tenant, &key.id).await?.filter(|socket| socket.turn.lease_until == lease);
        let Some(socket) = socket else { return Ok(()) };
        if sockets.put(&socket.turned(Turn::FREE)).await? {
            break;
        }
    }
    // Where others keep changing it, the lease ends by itself.
    Ok(())
}
