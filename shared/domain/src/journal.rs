//! The journal: a tenant's posted transactions, once each, in a chain of blocks. A block's hash covers the block before it
//! and the digest of each of its transactions, so whatever is changed afterwards no longer fits. What exactly is hashed is
//! written down in `docs/LEDGER.md`; a change of it would be another chain.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hmac_sha256::Hash;

use crate::field::Invalid;
use crate::hex::{self, Hex};
use crate::ids::{TenantId, TransactionId};
use crate::ledger::{Entry, Source, Transaction};
use crate::time::Timestamp;

/// A block and its transactions are written in one transaction of the store, which takes 100 items.
pub const BLOCK_TRANSACTIONS_MAX: usize = 99;
/// A transaction that is in no block by then was overlooked: its stream record was lost, or its consumer is behind.
pub const LEFT_OUT_AFTER: Duration = Duration::from_secs(15 * 60);

/// SHA-256 (FIPS 180-4), as text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What the first block has for the hash of the one before it.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("invalid_digest", "must be 64 lower-case hexadecimal digits");
        hex::parse(text).map(Self).ok_or_else(invalid)
    }
}

/// A transaction as its row says it, whether it is balanced or not: what has been changed behind the ledger's back need not
/// be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: TransactionId,
    pub source: Source,
    pub entries: Vec<Entry>,
}

impl From<&Transaction> for Posted {
    fn from(transaction: &Transaction) -> Self {
        Self { id: transaction.id(), source: transaction.source(), entries: transaction.entries().to_vec() }
    }
}

impl Posted {
    pub fn digest(&self) -> Digest {
        let Self { id, source, entries } = self;
        let mut fields = Fields::of("coffer.transaction.1");
        fields.add(id);
        fields.add(source);
        fields.add(entries.len());
        for Entry { id, transaction, account, amount, payment, created_at } in entries {
            fields.add(id);
            fields.add(transaction);
            fields.add(account);
            fields.add(amount);
            fields.add(account.currency.code());
            fields.add(payment.map(|payment| payment.to_string()).unwrap_or_default());
            fields.add(created_at.as_ms());
        }
        fields.digest()
    }
}

/// A transaction's place in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    pub source: Source,
    pub digest: Digest,
}

impl From<&Transaction> for Listed {
    fn from(transaction: &Transaction) -> Self {
        Self { source: transaction.source(), digest: Posted::from(transaction).digest() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub tenant: TenantId,
    /// From 1, without a gap.
    pub number: u64,
    /// The hash of the block before; [`Digest::NONE`] of the first.
    pub previous: Digest,
    /// Never before that of the block before.
    pub booked_at: Timestamp,
    /// 1 to [`BLOCK_TRANSACTIONS_MAX`].
    pub transactions: Vec<Listed>,
    /// How many transactions the chain has up to here.
    pub total: u64,
    pub hash: Digest,
}

/// What a block tells of itself to the one after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub number: u64,
    pub hash: Digest,
    pub booked_at: Timestamp,
    pub total: u64,
}

impl Link {
    /// Before the first block.
    pub const START: Self = Self { number: 0, hash: Digest::NONE, booked_at: Timestamp::from_ms(0), total: 0 };
}

/// How a block does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("is not the next one")]
    Number,
    #[error("does not name the hash of the one before it")]
    Previous,
    #[error("was booked before the one before it")]
    Time,
    #[error("does not count its transactions right")]
    Total,
    #[error("is not what its hash says")]
    Hash,
}

impl Block {
    /// The block that follows `head`, or the first. The caller has 1 to [`BLOCK_TRANSACTIONS_MAX`] transactions.
    pub fn after(head: Option<&Self>, tenant: TenantId, transactions: Vec<Listed>, now: Timestamp) -> Self {
        let Link { number, hash: previous, booked_at, total } = head.map_or(Link::START, Self::link);
        let total = total + transactions.len() as u64;
        let booked_at = now.max(booked_at);
        let block = Self { tenant, number: number + 1, previous, booked_at, transactions, total, hash: Digest::NONE };
        Self { hash: block.computed_hash(), ..block }
    }

    pub fn link(&self) -> Link {
        let Self { number, hash, booked_at, total, .. } = self;
        Link { number: *number, hash: *hash, booked_at: *booked_at, total: *total }
    }

    /// What `hash` must be.
    pub fn computed_hash(&self) -> Digest {
        let Self { tenant, number, previous, booked_at, transactions, total, hash: _ } = self;
        let mut fields = Fields::of("coffer.block.1");
        fields.add(tenant);
        fields.add(number);
        fields.add(previous);
        fields.add(booked_at.as_ms());
        fields.add(total);
        fields.add(transactions.len());
        for Listed { source, digest } in transactions {
            fields.add(source);
            fields.add(digest);
        }
        fields.digest()
    }

    /// That it is as it was hashed and follows `before`. The first misfit is told.
    pub fn fits(&self, before: Link) -> Result<(), Misfit> {
        if self.number != before.number + 1 {
            return Err(Misfit::Number);
        }
        if self.hash != self.computed_hash() {
            return Err(Misfit::Hash);
        }
        if self.previous != before.hash {
            return Err(Misfit::Previous);
        }
        if self.booked_at < before.booked_at {
            return Err(Misfit::Time);
        }
        if self.total != before.total + self.transactions.len() as u64 {
            return Err(Misfit::Total);
        }
        Ok(())
    }

    /// The digest that a transaction had when it was booked.
    pub fn digest_of(&self, source: Source) -> Option<Digest> {
        self.transactions.iter().find(|listed| listed.source == source).map(|listed| listed.digest)
    }
}

/// Fields one after the other, each as the length of its text in four bytes, highest first, and the text: no two lists of
/// fields have the same bytes.
struct Fields(Hash);

impl Fields {
    fn of(kind: &str) -> Self {
        let mut fields = Self(Hash::new());
        fields.add(kind);
        fields
    }

    fn add(&mut self, field: impl fmt::Display) {
        let text = field.to_string();
        // A field is an id or a number: never 4 GB.
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(text);
    }

    fn digest(self) -> Digest {
        Digest(self.0.finalize())
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
