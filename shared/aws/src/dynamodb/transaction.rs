//! Ledger transactions, found by their source, and their entries, found by account. A transaction's item holds its entries
//! too, so that one read gives it whole; neither is ever written twice, but for the transaction's mark of its block.

use domain::ids::TenantId;
use domain::journal::Posted;
use domain::ledger::{Entry, Transaction};
use domain::time::Timestamp;
use ports::verification::{AsFound, PostedRow, Unreadable};
use serde::{Deserialize, Serialize};

use super::Attributes;
use super::key::{self, IndexKey, Key};
use super::record::{self, Kind, Reader, Stored, ms};

impl Stored for Transaction {
    const KIND: Kind = Kind::Transaction;
    type Record = TransactionRecord;

    fn key(&self) -> Key {
        Key::transaction(self.tenant(), self.source())
    }

    /// Of a new transaction: one that is in a block has lost its place.
    fn index_keys(&self) -> Vec<IndexKey> {
        vec![IndexKey::transaction_due(self)]
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TransactionRecord {
    id: String,
    tenant: String,
    source: String,
    entries: Vec<LegRecord>,
    /// The number of its block, once it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
}

/// A transaction's row as it is, balanced or not.
pub(super) fn as_found(item: &Attributes) -> AsFound<PostedRow> {
    let unreadable = || Unreadable(key::told(item));
    let record: TransactionRecord = serde_dynamo::from_item(item.clone()).map_err(|_| unreadable())?;
    posted_row(record).map_err(|_| unreadable())
}

fn posted_row(record: TransactionRecord) -> Result<PostedRow, record::Unreadable> {
    let TransactionRecord { id, tenant: _, source, entries, block } = record;
    let reader = Reader(Kind::Transaction);
    let entries = entries.into_iter().map(|entry| entry.read(reader)).collect::<Result<_, _>>()?;
    let posted = Posted { id: reader.parse("id", &id)?, source: reader.parse("source", &source)?, entries };
    Ok(PostedRow { posted, block })
}

/// An entry without what its item repeats of the transaction.
#[derive(Serialize, Deserialize)]
pub(crate) struct LegRecord {
    id: String,
    transaction: String,
    account: String,
    amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    created_at_ms: i64,
}

impl From<&Transaction> for TransactionRecord {
    fn from(transaction: &Transaction) -> Self {
        Self {
            id: transaction.id().to_string(),
            tenant: transaction.tenant().to_string(),
            source: transaction.source().to_string(),
            entries: transaction.entries().iter().map(LegRecord::from).collect(),
            block: None,
        }
    }
}

impl TryFrom<TransactionRecord> for Transaction {
    type Error = record::Unreadable;

    fn try_from(record: TransactionRecord) -> Result<Self, record::Unreadable> {
        let TransactionRecord { id, tenant, source, entries, block: _ } = record;
        let reader = Reader(Kind::Transaction);
        let entries = entries.into_iter().map(|entry| entry.read(reader)).collect::<Result<_, _>>()?;
        let (id, tenant) = (reader.parse("id", &id)?, reader.parse("tenant", &tenant)?);
        Self::new(id, tenant, reader.parse("source", &source)?, entries).map_err(|_| reader.unreadable("entries"))
    }
}

/// An entry and whose it is.
pub(super) struct StoredEntry {
    pub(super) tenant: TenantId,
    pub(super) entry: Entry,
}

impl Stored for StoredEntry {
    const KIND: Kind = Kind::Entry;
    type Record = EntryRecord;

    fn key(&self) -> Key {
        Key::entry(self.tenant, self.entry.account, self.entry.id)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EntryRecord {
    tenant: String,
    #[serde(flatten)]
    leg: LegRecord,
}

impl From<&StoredEntry> for EntryRecord {
    fn from(stored: &StoredEntry) -> Self {
        let StoredEntry { tenant, entry } = stored;
        Self { tenant: tenant.to_string(), leg: LegRecord::from(entry) }
    }
}

impl TryFrom<EntryRecord> for StoredEntry {
    type Error = record::Unreadable;

    fn try_from(record: EntryRecord) -> Result<Self, record::Unreadable> {
        let EntryRecord { tenant, leg } = record;
        let reader = Reader(Kind::Entry);
        Ok(Self { tenant: reader.parse("tenant", &tenant)?, entry: leg.read(reader)? })
    }
}

impl From<&Entry> for LegRecord {
    fn from(entry: &Entry) -> Self {
        let Entry { id, transaction, account, amount, payment, created_at } = entry;
        Self {
            id: id.to_string(),
            transaction: transaction.to_string(),
            account: account.to_string(),
            amount: *amount,
            payment: payment.map(|payment| payment.to_string()),
            created_at_ms: ms(*created_at),
        }
    }
}

impl LegRecord {
    fn read(self, reader: Reader) -> Result<Entry, record::Unreadable> {
        let Self { id, transaction, account, amount, payment, created_at_ms } = self;
        Ok(Entry {
            id: reader.parse("id", &id)?,
            transaction: reader.parse("transaction", &transaction)?,
            account: reader.parse("account", &account)?,
            amount,
            payment: reader.parse_optional("payment", payment.as_deref())?,
            created_at: Timestamp::from_ms(created_at_ms),
        })
    }
}
