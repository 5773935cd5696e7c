//! What a verification of a tenant's ledger looks for: each way in which its rows can contradict each other. The rows are
//! taken as they are found; nothing of them is believed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::ids::EntryId;
use crate::journal::{Block, Link, Misfit, Posted};
use crate::ledger::{AccountId, Balance, Entry, Source};
use crate::money::Currency;
use crate::time::Timestamp;

/// A moment this long ago gets no more entries. An entry carries the time at which its function made the transaction; that
/// function ends within a minute, and AWS refuses a request that was signed more than five minutes ago, so nothing that a
/// dying function has sent comes later than that.
pub const SETTLED_AFTER: Duration = Duration::from_secs(15 * 60);

/// How far an entry's id and its `created_at` may lie apart: both are drawn in one step of one function.
pub const ID_SKEW_MAX: Duration = Duration::from_secs(1);

/// The sum of an account's entries, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub sum: i64,
    pub count: u64,
}

impl Tally {
    pub fn add(&mut self, amount: i64) {
        self.sum = self.sum.saturating_add(amount);
        self.count += 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A row is not what its kind has.
    Unreadable {
        row: String,
    },
    /// The chain ends before the block that was its head.
    BlocksMissing {
        after: u64,
        head: u64,
    },
    Block {
        number: u64,
        misfit: Misfit,
    },
    TransactionMissing {
        source: Source,
        block: u64,
    },
    TransactionChanged {
        source: Source,
        block: u64,
    },
    /// The transaction's mark is not the block that lists it.
    Mark {
        source: Source,
        block: u64,
        marked: Option<u64>,
    },
    /// The transaction is marked with a block that does not list it.
    Unlisted {
        source: Source,
        block: u64,
    },
    Unbalanced {
        source: Source,
        currency: Currency,
        sum: i128,
    },
    EntryMissing {
        account: AccountId,
        entry: EntryId,
    },
    EntryChanged {
        account: AccountId,
        entry: EntryId,
    },
    /// The entry's id is of another moment than its `created_at`.
    EntryMisdated {
        account: AccountId,
        entry: EntryId,
    },
    /// There are entries that no transaction has, or the other way round.
    Entries {
        account: AccountId,
        of_entries: Tally,
        of_transactions: Tally,
    },
    /// The same of all wallets of a currency together.
    WalletEntries {
        currency: Currency,
        of_entries: Tally,
        of_transactions: Tally,
    },
    Balance {
        account: AccountId,
        shown: i64,
        booked: i64,
    },
    /// All accounts of a currency together are not zero.
    TrialBalance {
        currency: Currency,
        sum: i128,
    },
    Closing {
        account: AccountId,
        closing: EntryId,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { row } => write!(f, "{row} cannot be read"),
            Self::BlocksMissing { after, head } => write!(f, "blocks {} to {head} are missing", after + 1),
            Self::Block { number, misfit } => write!(f, "block {number} {misfit}"),
            Self::TransactionMissing { source, block } => write!(f, "{source} of block {block} is missing"),
            Self::TransactionChanged { source, block } => {
                write!(f, "{source} is not as it was booked in block {block}")
            }
            Self::Mark { source, block, marked: Some(marked) } => {
                write!(f, "{source} of block {block} is marked with block {marked}")
            }
            Self::Mark { source, block, marked: None } => write!(f, "{source} of block {block} has no mark"),
            Self::Unlisted { source, block } => write!(f, "{source} is marked with block {block}, which has it not"),
            Self::Unbalanced { source, currency, sum } => {
                write!(f, "{source} sums to {sum} {} instead of zero", currency.code())
            }
            Self::EntryMissing { account, entry } => write!(f, "{entry} of {account} is missing"),
            Self::EntryChanged { account, entry } => write!(f, "{entry} of {account} is not its transaction's"),
            Self::EntryMisdated { account, entry } => {
                write!(f, "{entry} of {account} is of another moment than its id")
            }
            Self::Entries { account, of_entries, of_transactions } => write!(
                f,
                "{account} has {} entries that sum to {}, its transactions have {} that sum to {}",
                of_entries.count, of_entries.sum, of_transactions.count, of_transactions.sum
            ),
            Self::WalletEntries { currency, of_entries, of_transactions } => write!(
                f,
                "the wallets in {} have {} entries that sum to {}, their transactions have {} that sum to {}",
                currency.code(),
                of_entries.count,
                of_entries.sum,
                of_transactions.count,
                of_transactions.sum
            ),
            Self::Balance { account, shown, booked } => {
                write!(f, "{account} shows a balance of {shown}, its entries sum to {booked}")
            }
            Self::TrialBalance { currency, sum } => {
                write!(f, "all accounts in {} sum to {sum} instead of zero", currency.code())
            }
            Self::Closing { account, closing } => {
                write!(f, "the closing of {account} at {closing} is not the sum of its entries")
            }
        }
    }
}

/// That a block follows the one before it.
pub fn block(block: &Block, before: Link) -> Option<Fault> {
    block.fits(before).err().map(|misfit| Fault::Block { number: block.number, misfit })
}

/// That a transaction is as its block lists it.
pub fn in_block(posted: &Posted, marked: Option<u64>, block: &Block) -> Option<Fault> {
    let (source, number) = (posted.source, block.number);
    match block.digest_of(source) {
        None => Some(Fault::Unlisted { source, block: number }),
        Some(digest) if digest != posted.digest() => Some(Fault::TransactionChanged { source, block: number }),
        Some(_) if marked != Some(number) => Some(Fault::Mark { source, block: number, marked }),
        Some(_) => None,
    }
}

/// That a transaction sums to zero in each currency.
pub fn balanced(posted: &Posted) -> Vec<Fault> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for entry in &posted.entries {
        *sums.entry(entry.account.currency).or_default() += i128::from(entry.amount);
    }
    let wrong = sums.into_iter().filter(|(_, sum)| *sum != 0);
    wrong.map(|(currency, sum)| Fault::Unbalanced { source: posted.source, currency, sum }).collect()
}

/// That an entry's row is what its transaction says.
pub fn entry(of_transaction: &Entry, row: Option<&Entry>) -> Option<Fault> {
    let (account, entry) = (of_transaction.account, of_transaction.id);
    match row {
        None => Some(Fault::EntryMissing { account, entry }),
        Some(row) if row != of_transaction => Some(Fault::EntryChanged { account, entry }),
        Some(_) => None,
    }
}

/// That an entry is found where its moment is looked for.
pub fn dated(entry: &Entry) -> Option<Fault> {
    let earliest = EntryId::floor_at(entry.created_at.minus(ID_SKEW_MAX));
    let latest = EntryId::floor_at(entry.created_at.plus(ID_SKEW_MAX));
    let fits = (earliest..latest).contains(&entry.id);
    (!fits).then_some(Fault::EntryMisdated { account: entry.account, entry: entry.id })
}

/// The trial balance: the entries up to a moment, of all accounts of a currency, sum to zero.
pub fn trial_balance(tallies: &BTreeMap<AccountId, Tally>) -> Vec<Fault> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for (account, tally) in tallies {
        *sums.entry(account.currency).or_default() += i128::from(tally.sum);
    }
    let wrong = sums.into_iter().filter(|(_, sum)| *sum != 0);
    wrong.map(|(currency, sum)| Fault::TrialBalance { currency, sum }).collect()
}

/// That an account shows what its entries sum to.
pub fn balance(shown: &Balance, booked: i64) -> Option<Fault> {
    let Balance { account, posted, pending: _ } = *shown;
    (posted != booked).then_some(Fault::Balance { account, shown: posted, booked })
}

/// From when on back nothing is added.
pub fn settled_at(now: Timestamp) -> Timestamp {
    now.minus(SETTLED_AFTER)
}

#[cfg(test)]
#[path = "verification_tests.rs"]
mod tests;
