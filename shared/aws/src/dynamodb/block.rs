//! Blocks of a tenant's journal, found by number. They name their transactions by source and digest; the contents stay where
//! they are.

use domain::journal::{Block, Listed};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{IndexKey, Key};
use super::record::{Kind, Reader, Stored, Unreadable, ms};

impl Stored for Block {
    const KIND: Kind = Kind::Block;
    type Record = BlockRecord;

    fn key(&self) -> Key {
        Key::block(self.tenant, self.number)
    }

    /// The first block is its tenant's place in the list of ledgers to verify.
    fn index_keys(&self) -> Vec<IndexKey> {
        if self.number == 1 { vec![IndexKey::ledger_due(self.tenant, self.booked_at)] } else { Vec::new() }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BlockRecord {
    tenant: String,
    number: u64,
    previous: String,
    booked_at_ms: i64,
    transactions: Vec<ListedRecord>,
    total: u64,
    hash: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ListedRecord {
    source: String,
    digest: String,
}

impl From<&Block> for BlockRecord {
    fn from(block: &Block) -> Self {
        let Block { tenant, number, previous, booked_at, transactions, total, hash } = block;
        let listed = |Listed { source, digest }: &Listed| ListedRecord {
            source: source.to_string(),
            digest: digest.to_string(),
        };
        Self {
            tenant: tenant.to_string(),
            number: *number,
            previous: previous.to_string(),
            booked_at_ms: ms(*booked_at),
            transactions: transactions.iter().map(listed).collect(),
            total: *total,
            hash: hash.to_string(),
        }
    }
}

impl TryFrom<BlockRecord> for Block {
    type Error = Unreadable;

    fn try_from(record: BlockRecord) -> Result<Self, Unreadable> {
        let BlockRecord { tenant, number, previous, booked_at_ms, transactions, total, hash } = record;
        let reader = Reader(Kind::Block);
        let listed = |ListedRecord { source, digest }: ListedRecord| {
            Ok(Listed { source: reader.parse("source", &source)?, digest: reader.parse("digest", &digest)? })
        };
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            number,
            previous: reader.parse("previous", &previous)?,
            booked_at: Timestamp::from_ms(booked_at_ms),
            transactions: transactions.into_iter().map(listed).collect::<Result<_, _>>()?,
            total,
            hash: reader.parse("hash", &hash)?,
        })
    }
}
