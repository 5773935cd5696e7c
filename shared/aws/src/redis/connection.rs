//! One connection to the cache, made at the first call, shared, and made anew once it is broken. Every step has a bound, and
//! the breaker keeps calls away while the server is sick.
//!
//! A plain connection, not a cluster client: ElastiCache Serverless is in cluster mode but shows one endpoint that serves
//! every slot. Cluster clients find its read-only port in the slot map and get `MOVED` there
//! (<https://github.com/redis/ioredis/issues/1865>, <https://github.com/valkey-io/iovalkey/issues/29>).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ports::{PortError, PortErrorKind};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo, RedisError, Value};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::RedisConfig;
use super::breaker::Breaker;
use super::script::Script;
use super::tls::Tls;

/// A connection that was idle for longer may be gone without a sign: the network between forgets it after 350 seconds
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html>, "Connection idle
/// timeout"). By the wall clock, which goes on while an environment is frozen.
const IDLE_MAX: Duration = Duration::from_secs(240);

#[derive(Debug)]
pub(super) struct Connection {
    config: RedisConfig,
    tls: Option<Tls>,
    breaker: Breaker,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    link: Link,
    used_at: SystemTime,
}

impl Current {
    fn new(link: Link) -> Self {
        Self { link, used_at: SystemTime::now() }
    }

    fn is_fresh(&self) -> bool {
        self.used_at.elapsed().is_ok_and(|idle| idle < IDLE_MAX)
    }
}

/// What is asked of the server.
#[derive(Clone, Copy)]
pub(super) enum Call<'a> {
    Ping,
    Script { script: &'a Script, keys: &'a [String], arguments: &'a [String] },
}

impl Call<'_> {
    async fn send(self, connection: &mut MultiplexedConnection) -> Result<Value, RedisError> {
        match self {
            Self::Ping => Cmd::new().arg("PING").query_async(connection).await,
            Self::Script { script, keys, arguments } => script.run(connection, keys, arguments).await,
        }
    }
}

/// A live connection. Its driver ends with the last clone.
#[derive(Debug, Clone)]
struct Link {
    connection: MultiplexedConnection,
    driver: Arc<Driver>,
}

#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    pub(super) fn new(config: RedisConfig) -> Self {
        let tls = config.tls.then(|| Tls::new(&config.host));
        Self { config, tls, breaker: Breaker::default(), current: Mutex::default() }
    }

    /// No longer than the two bounds together, whatever happens, and at once while the breaker is open. A script may run
    /// twice when the first answer is lost.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        operation: &'static str,
        call: Call<'_>,
    ) -> Result<T, PortError> {
        if !self.breaker.lets_through(Instant::now()) {
            return Err(PortError::caused_by(
                PortErrorKind::Unavailable,
                operation,
                "the cache is left alone for a moment",
            ));
        }
        let RedisConfig { connect_within, answer_within, .. } = self.config;
        let result = match timeout(connect_within + answer_within, self.twice_if_broken(call)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        let value = match result {
            Ok(value) => value,
            Err(failure) => {
                let is_of_the_connection = failure.is_of_the_connection();
                let error = failure.into_port_error(operation);
                if is_of_the_connection {
                    self.breaker.failed(Instant::now(), &error);
                    self.forget(None);
                }
                return Err(error);
            }
        };
        self.breaker.succeeded();
        T::from_redis_value(value).map_err(|error| PortError::caused_by(PortErrorKind::Corrupt, operation, error))
    }

    /// A connection that the server closed while this environment was frozen shows only when it is used: then once more, on
    /// a new one.
    async fn twice_if_broken(&self, call: Call<'_>) -> Result<Value, Failure> {
        let (mut link, is_new) = self.link().await?;
        match self.answered(&mut link, call).await {
            Err(Failure::Redis(error)) if !is_new && is_broken(&error) => {
                self.forget(Some(&link));
                let (mut link, _) = self.link().await?;
                self.answered(&mut link, call).await
            }
            result => result,
        }
    }

    async fn answered(&self, link: &mut Link, call: Call<'_>) -> Result<Value, Failure> {
        match timeout(self.config.answer_within, call.send(&mut link.connection)).await {
            Ok(result) => result.map_err(Failure::Redis),
            Err(_) => Err(Failure::TimedOut),
        }
    }

    /// The shared connection and whether it was made just now. Calls that come while it is being made wait for it.
    async fn link(&self) -> Result<(Link, bool), Failure> {
        let mut current = self.current.lock().await;
        if let Some(current) = current.as_mut().filter(|current| current.is_fresh()) {
            current.used_at = SystemTime::now();
            return Ok((current.link.clone(), false));
        }
        let link = match timeout(self.config.connect_within, self.connect()).await {
            Ok(result) => result?,
            Err(_) => return Err(Failure::TimedOut),
        };
        *current = Some(Current::new(link.clone()));
        Ok((link, true))
    }

    async fn connect(&self) -> Result<Link, Failure> {
        let RedisConfig { host, port, .. } = &self.config;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(Failure::Connect)?;
        stream.set_nodelay(true).map_err(Failure::Connect)?;
        match &self.tls {
            None => open(stream).await,
            Some(tls) => open(tls.connect(stream).await.map_err(Failure::Connect)?).await,
        }
    }

    /// Drops the connection, or the given one if it is still the shared one. While another is being made there is none.
    fn forget(&self, broken: Option<&Link>) {
        let Ok(mut current) = self.current.try_lock() else { return };
        let is_meant =
            |current: &Current| broken.is_none_or(|broken| Arc::ptr_eq(&current.link.driver, &broken.driver));
        if current.as_ref().is_some_and(is_meant) {
            *current = None;
        }
    }
}

async fn open(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
) -> Result<Link, Failure> {
    // Telling the server the library's name would be a round trip of every cold start.
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    // The bounds are this module's own.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
    let (connection, driver) = opened.map_err(Failure::Redis)?;
    Ok(Link { connection, driver: Arc::new(Driver(tokio::spawn(driver))) })
}

fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error()
}

enum Failure {
    TimedOut,
    Connect(std::io::Error),
    Redis(RedisError),
}

impl Failure {
    /// Whether the server may be sick, as against having understood and refused.
    fn is_of_the_connection(&self) -> bool {
        match self {
            Self::TimedOut | Self::Connect(_) => true,
            Self::Redis(error) => is_broken(error) || error.is_timeout() || is_busy(error),
        }
    }

    fn into_port_error(self, operation: &'static str) -> PortError {
        match self {
            Self::TimedOut => PortError::new(PortErrorKind::TimedOut, operation),
            Self::Connect(error) => PortError::caused_by(PortErrorKind::Unavailable, operation, error),
            Self::Redis(error) => {
                let kind = if is_broken(&error) || is_busy(&error) {
                    PortErrorKind::Unavailable
                } else if error.is_timeout() {
                    PortErrorKind::TimedOut
                } else {
                    PortErrorKind::Rejected
                };
                PortError::caused_by(kind, operation, error)
            }
        }
    }
}

/// The server says that it cannot serve now.
fn is_busy(error: &RedisError) -> bool {
    matches!(error.code(), Some("BUSY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "READONLY" | "OOM"))
}
