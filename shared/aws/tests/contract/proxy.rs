//! A way to the real cache that a test can cut, close, open again, or make silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coffer_aws::{RedisCache, RedisConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::place::redis_address;

pub struct Proxy {
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut proxy = Self { address, serving: None, connections: Arc::default() };
        proxy.serve(listener);
        proxy
    }

    /// Patient, as the other tests' cache is: a closed proxy refuses at once.
    pub fn cache(&self) -> RedisCache {
        let patience = Duration::from_secs(1);
        let config = RedisConfig::new(self.address.ip().to_string(), self.address.port(), false);
        RedisCache::new(RedisConfig { connect_within: patience, answer_within: patience, ..config })
    }

    /// How many connections have been made so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Ends all connections and takes no more.
    pub async fn close(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _aborted = serving.await;
        }
    }

    pub async fn open_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the same port");
        self.serve(listener);
    }

    /// As a server does that goes away and comes back between two calls.
    pub async fn cut(&mut self) {
        self.close().await;
        self.open_again().await;
    }

    fn serve(&mut self, listener: TcpListener) {
        let connections = Arc::clone(&self.connections);
        self.serving = Some(tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                open.spawn(forward(client));
            }
        }));
    }
}

async fn forward(mut client: TcpStream) {
    let (host, port) = redis_address();
    let mut server = TcpStream::connect((host, port)).await.expect("the real cache");
    let _closed = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

/// Takes connections and never says a word.
pub struct Silent {
    address: SocketAddr,
    listening: JoinHandle<()>,
    connections: Arc<AtomicUsize>,
}

impl Silent {
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        let listening = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                held.push(client);
            }
        });
        Self { address, listening, connections }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn cache(&self, tls: bool) -> RedisCache {
        RedisCache::new(RedisConfig::new(self.address.ip().to_string(), self.address.port(), tls))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
