//! Sockets: one item each, written whole on its version.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::{Caller, Grant, Role};
use domain::feed::FeedPlace;
use domain::ids::TenantId;
use domain::socket::{SOCKETS_MAX, Socket, SocketId, Topic};
use domain::time::Timestamp;
use domain::turn::Turn;
use ports::PortError;
use ports::commerce::Consistency;
use ports::realtime::Sockets;
use serde::{Deserialize, Serialize};

use super::PlatformTable;
use super::key::{Key, Partition};
use super::query::Bounds;
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use crate::error::port_error;

#[async_trait]
impl Sockets for PlatformTable {
    async fn get(&self, tenant: TenantId, id: &SocketId) -> Result<Option<Socket>, PortError> {
        self.platform.get("get a socket", Key::socket(tenant, id), Consistency::Strong).await
    }

    /// One Query: as many as there may be, and those that nobody has removed yet, are far below its megabyte.
    async fn all(&self, tenant: TenantId) -> Result<Vec<Socket>, PortError> {
        let limit = 10 * SOCKETS_MAX;
        self.platform.oldest_first("read sockets", Partition::sockets(tenant), Bounds::default(), limit).await
    }

    async fn put(&self, socket: &Socket) -> Result<bool, PortError> {
        self.platform.put_next("write a socket", socket, socket.version).await
    }

    async fn remove(&self, tenant: TenantId, id: &SocketId) -> Result<(), PortError> {
        let table = &self.platform;
        let key = Some(Key::socket(tenant, id).into_attributes());
        let request = table.client.delete_item().table_name(&*table.name).set_key(key);
        request.send().await.map(|_| ()).map_err(|error| port_error("remove a socket", error))
    }
}

impl Stored for Socket {
    const KIND: Kind = Kind::Socket;
    type Record = SocketRecord;

    fn key(&self) -> Key {
        Key::socket(self.tenant(), &self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.kept_until())
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SocketRecord {
    id: String,
    tenant: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Of a user; a client has scopes instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    token_issued_at_seconds: i64,
    topics: Vec<String>,
    place_block: u64,
    place_events: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_until_ms: Option<i64>,
    wanted: bool,
    opened_at_ms: i64,
    version: u64,
}

impl From<&Socket> for SocketRecord {
    fn from(socket: &Socket) -> Self {
        let Socket { id, caller, topics, place, turn: Turn { lease_until, wanted }, opened_at, version } = socket;
        let Caller { tenant, subject, session, grant, issued_at_seconds } = caller;
        let (role, scopes) = match grant {
            Grant::Role(role) => (Some(role.as_str().to_owned()), None),
            Grant::Scopes(scopes) => (None, Some(scopes.clone())),
        };
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            subject: subject.clone(),
            session: session.map(|session| session.to_string()),
            role,
            scopes,
            token_issued_at_seconds: *issued_at_seconds,
            topics: topics.iter().map(Topic::to_string).collect(),
            place_block: place.block,
            place_events: place.events,
            lease_until_ms: lease_until.map(ms),
            wanted: *wanted,
            opened_at_ms: ms(*opened_at),
            version: *version,
        }
    }
}

impl TryFrom<SocketRecord> for Socket {
    type Error = Unreadable;

    fn try_from(record: SocketRecord) -> Result<Self, Unreadable> {
        let SocketRecord {
            id,
            tenant,
            subject,
            session,
            role,
            scopes,
            token_issued_at_seconds,
            topics,
            place_block,
            place_events,
            lease_until_ms,
            wanted,
            opened_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Socket);
        let grant = match (role, scopes) {
            (Some(role), None) => Grant::Role(reader.known("role", Role::parse(&role))?),
            (None, Some(scopes)) => Grant::Scopes(scopes),
            (Some(_), Some(_)) | (None, None) => reader.known("role", None)?,
        };
        let caller = Caller {
            tenant: reader.parse("tenant", &tenant)?,
            subject,
            session: session.map(|session| reader.parse("session", &session)).transpose()?,
            grant,
            issued_at_seconds: token_issued_at_seconds,
        };
        // A topic that only later code knows is passed over.
        let topics: BTreeSet<Topic> = topics.iter().filter_map(|topic| Topic::parse(topic).ok()).collect();
        Ok(Self {
            id: reader.known("id", SocketId::parse(&id))?,
            caller,
            topics,
            place: FeedPlace { block: place_block, events: place_events },
            turn: Turn { lease_until: lease_until_ms.map(Timestamp::from_ms), wanted },
            opened_at: Timestamp::from_ms(opened_at_ms),
            version,
        })
    }
}
