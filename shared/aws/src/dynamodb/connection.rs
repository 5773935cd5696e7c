//! A tenant's connections to payment providers: one item, with the keys sealed.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::connection::{Connection, Connections, ProviderAccount, SealedCredentials, Turn};
use domain::ids::TenantId;
use domain::secret::Sealed;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::connections::Connections as ConnectionsPort;
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::Key;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl ConnectionsPort for CommerceTable {
    async fn get(&self, tenant: TenantId, consistency: Consistency) -> Result<Connections, PortError> {
        let found = self.0.get("read connections", Key::connections(tenant), consistency).await?;
        Ok(found.unwrap_or_else(|| Connections::none(tenant)))
    }
}

impl Stored for Connections {
    const KIND: Kind = Kind::Connections;
    type Record = ConnectionsRecord;

    fn key(&self) -> Key {
        Key::connections(self.tenant)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ConnectionsRecord {
    tenant: String,
    connected: Vec<ConnectionRecord>,
    turns: Vec<TurnRecord>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct ConnectionRecord {
    of: AccountRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<CredentialsRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_refused_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct AccountRecord {
    provider: String,
    account: String,
}

/// What KMS gave, in base64.
#[derive(Serialize, Deserialize)]
struct CredentialsRecord {
    api_key: String,
    webhook_secret: String,
}

#[derive(Serialize, Deserialize)]
struct TurnRecord {
    since_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<AccountRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second: Option<AccountRecord>,
}

impl From<&Connections> for ConnectionsRecord {
    fn from(connections: &Connections) -> Self {
        let Connections { tenant, connected, turns, version } = connections;
        Self {
            tenant: tenant.to_string(),
            connected: connected.iter().map(ConnectionRecord::from).collect(),
            turns: turns.iter().map(TurnRecord::from).collect(),
            version: *version,
        }
    }
}

impl From<&Connection> for ConnectionRecord {
    fn from(connection: &Connection) -> Self {
        let Connection { of, credentials, key_refused_at, created_at, updated_at } = connection;
        let credentials = credentials.as_ref().map(|SealedCredentials { api_key, webhook_secret }| CredentialsRecord {
            api_key: STANDARD.encode(&api_key.0),
            webhook_secret: STANDARD.encode(&webhook_secret.0),
        });
        Self {
            of: of.into(),
            credentials,
            key_refused_at_ms: key_refused_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
        }
    }
}

impl From<&ProviderAccount> for AccountRecord {
    fn from(of: &ProviderAccount) -> Self {
        let ProviderAccount { provider, account } = of;
        Self { provider: provider.as_str().to_owned(), account: account.clone() }
    }
}

impl From<&Turn> for TurnRecord {
    fn from(turn: &Turn) -> Self {
        let Turn { since, first, second } = turn;
        let account = |chosen: &Option<ProviderAccount>| chosen.as_ref().map(AccountRecord::from);
        Self { since_ms: ms(*since), first: account(first), second: account(second) }
    }
}

impl TryFrom<ConnectionsRecord> for Connections {
    type Error = Unreadable;

    fn try_from(record: ConnectionsRecord) -> Result<Self, Unreadable> {
        let ConnectionsRecord { tenant, connected, turns, version } = record;
        let reader = Reader(Kind::Connections);
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            connected: connected.into_iter().map(|record| connection(reader, record)).collect::<Result<_, _>>()?,
            turns: turns.into_iter().map(|record| turn(reader, record)).collect::<Result<_, _>>()?,
            version,
        })
    }
}

fn connection(reader: Reader, record: ConnectionRecord) -> Result<Connection, Unreadable> {
    let ConnectionRecord { of, credentials, key_refused_at_ms, created_at_ms, updated_at_ms } = record;
    let sealed = |attribute, text: &str| STANDARD.decode(text).map(Sealed).map_err(|_| reader.unreadable(attribute));
    let credentials = credentials.map(|CredentialsRecord { api_key, webhook_secret }| {
        Ok(SealedCredentials {
            api_key: sealed("connected.credentials.api_key", &api_key)?,
            webhook_secret: sealed("connected.credentials.webhook_secret", &webhook_secret)?,
        })
    });
    Ok(Connection {
        of: account(reader, of)?,
        credentials: credentials.transpose()?,
        key_refused_at: key_refused_at_ms.map(Timestamp::from_ms),
        created_at: Timestamp::from_ms(created_at_ms),
        updated_at: Timestamp::from_ms(updated_at_ms),
    })
}

fn account(reader: Reader, record: AccountRecord) -> Result<ProviderAccount, Unreadable> {
    let AccountRecord { provider, account } = record;
    Ok(ProviderAccount { provider: reader.parse("provider", &provider)?, account })
}

fn turn(reader: Reader, record: TurnRecord) -> Result<Turn, Unreadable> {
    let TurnRecord { since_ms, first, second } = record;
    let account = |chosen: Option<AccountRecord>| chosen.map(|record| account(reader, record)).transpose();
    Ok(Turn { since: Timestamp::from_ms(since_ms), first: account(first)?, second: account(second)? })
}
