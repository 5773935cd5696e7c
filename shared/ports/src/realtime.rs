//! Realtime: the sockets of tenants, the feeds that they are told from, and the gateway that holds the connections.

use async_trait::async_trait;
use domain::feed::FeedBlock;
use domain::ids::TenantId;
use domain::socket::{Socket, SocketId};

use crate::PortError;

#[async_trait]
pub trait Sockets: Send + Sync {
    /// Read strongly. `None` when the tenant has no such socket, also when another tenant has.
    async fn get(&self, tenant: TenantId, id: &SocketId) -> Result<Option<Socket>, PortError>;

    /// All of the tenant's, by one query. Read strongly.
    async fn all(&self, tenant: TenantId) -> Result<Vec<Socket>, PortError>;

    /// Writes the socket when what is stored has the version before this one's; one of version 1 when there is none.
    /// `false` when not: others were first, or it is gone.
    async fn put(&self, socket: &Socket) -> Result<bool, PortError>;

    /// Doing it twice, or to a socket that is gone, does nothing.
    async fn remove(&self, tenant: TenantId, id: &SocketId) -> Result<(), PortError>;
}

#[async_trait]
pub trait Feeds: Send + Sync {
    /// The newest blocks, newest first, at most `limit`, by one query. Read strongly. None where nobody has ever listened.
    async fn newest(&self, tenant: TenantId, limit: usize) -> Result<Vec<FeedBlock>, PortError>;

    /// Blocks from a number on, oldest first, at most `limit`, by one query. Read strongly.
    async fn from(&self, tenant: TenantId, number: u64, limit: usize) -> Result<Vec<FeedBlock>, PortError>;

    /// Writes the block when its number is free. `false` when not: others were first.
    async fn append(&self, block: &FeedBlock) -> Result<bool, PortError>;
}

/// Whether the other side could be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    Taken,
    /// The connection is no more, and will not come back.
    Gone,
}

#[async_trait]
pub trait Pusher: Send + Sync {
    /// Sends one message. What is pushed one after the other comes in that order. After an error it may have come.
    async fn push(&self, socket: &SocketId, text: &str) -> Result<Pushed, PortError>;

    /// Ends the connection. Doing it twice, or to one that is gone, does nothing.
    async fn close(&self, socket: &SocketId) -> Result<(), PortError>;
}
