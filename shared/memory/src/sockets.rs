//! The gateway that holds the connections of sockets, as far as pushing goes: what each connection was sent is kept.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::socket::SocketId;
use ports::PortError;
use ports::realtime::{Pushed, Pusher};

use crate::faults::Faults;
use crate::lock::Lock;

#[derive(Debug, Default)]
pub struct Sockets {
    faults: Faults,
    connections: Lock<BTreeMap<SocketId, Connection>>,
}

#[derive(Debug, Default)]
struct Connection {
    is_open: bool,
    got: Vec<String>,
}

impl Sockets {
    pub fn new(faults: Faults) -> Self {
        Self { faults, connections: Lock::default() }
    }

    /// A client has connected.
    pub fn connect(&self, id: &SocketId) {
        self.connections.get().entry(id.clone()).or_default().is_open = true;
    }

    /// The client is gone. Whether anybody is told is another matter.
    pub fn hang_up(&self, id: &SocketId) {
        self.connections.get().entry(id.clone()).or_default().is_open = false;
    }

    pub fn is_open(&self, id: &SocketId) -> bool {
        self.connections.get().get(id).is_some_and(|connection| connection.is_open)
    }

    /// What came over a connection, in order.
    pub fn got(&self, id: &SocketId) -> Vec<String> {
        self.got_since(id, 0)
    }

    /// The same, without the first so many.
    pub fn got_since(&self, id: &SocketId, count: usize) -> Vec<String> {
        let connections = self.connections.get();
        connections.get(id).map(|connection| connection.got.iter().skip(count).cloned().collect()).unwrap_or_default()
    }
}

#[async_trait]
impl Pusher for Sockets {
    async fn push(&self, socket: &SocketId, text: &str) -> Result<Pushed, PortError> {
        let effect = || {
            let mut connections = self.connections.get();
            let Some(connection) = connections.get_mut(socket).filter(|connection| connection.is_open) else {
                return Ok(Pushed::Gone);
            };
            connection.got.push(text.to_owned());
            Ok(Pushed::Taken)
        };
        self.faults.call("pusher.push", effect).await
    }

    async fn close(&self, socket: &SocketId) -> Result<(), PortError> {
        let effect = || {
            if let Some(connection) = self.connections.get().get_mut(socket) {
                connection.is_open = false;
            }
            Ok(())
        };
        self.faults.call("pusher.close", effect).await
    }
}
