//! Sockets, and the feeds that they are told from.

use async_trait::async_trait;
use domain::feed::FeedBlock;
use domain::ids::TenantId;
use domain::socket::{Socket, SocketId};
use ports::PortError;
use ports::realtime::{Feeds, Sockets};

use super::Store;

#[async_trait]
impl Sockets for Store {
    async fn get(&self, tenant: TenantId, id: &SocketId) -> Result<Option<Socket>, PortError> {
        let effect = || Ok(self.platform.get().sockets.get(&(tenant, id.clone())).cloned());
        self.faults.call("sockets.get", effect).await
    }

    async fn all(&self, tenant: TenantId) -> Result<Vec<Socket>, PortError> {
        let effect = || {
            let table = self.platform.get();
            Ok(table.sockets.values().filter(|socket| socket.tenant() == tenant).cloned().collect())
        };
        self.faults.call("sockets.all", effect).await
    }

    async fn put(&self, socket: &Socket) -> Result<bool, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let place = (socket.tenant(), socket.id.clone());
            let before = table.sockets.get(&place).map_or(0, |stored| stored.version);
            let follows = before + 1 == socket.version;
            if follows {
                table.sockets.insert(place, socket.clone());
                table.stream.push_other();
            }
            Ok(follows)
        };
        self.faults.call("sockets.put", effect).await
    }

    async fn remove(&self, tenant: TenantId, id: &SocketId) -> Result<(), PortError> {
        let effect = || {
            self.platform.get().sockets.remove(&(tenant, id.clone()));
            Ok(())
        };
        self.faults.call("sockets.remove", effect).await
    }
}

#[async_trait]
impl Feeds for Store {
    async fn newest(&self, tenant: TenantId, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let newest_first = table.feeds.range((tenant, 0)..=(tenant, u64::MAX)).rev();
            Ok(newest_first.take(limit).map(|(_, block)| block.clone()).collect())
        };
        self.faults.call("feeds.newest", effect).await
    }

    async fn from(&self, tenant: TenantId, number: u64, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let oldest_first = table.feeds.range((tenant, number)..=(tenant, u64::MAX));
            Ok(oldest_first.take(limit).map(|(_, block)| block.clone()).collect())
        };
        self.faults.call("feeds.from", effect).await
    }

    async fn append(&self, block: &FeedBlock) -> Result<bool, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let place = (block.tenant, block.number);
            let is_free = !table.feeds.contains_key(&place);
            if is_free {
                table.feeds.insert(place, block.clone());
                table.stream.push_other();
            }
            Ok(is_free)
        };
        self.faults.call("feeds.append", effect).await
    }
}
