//! Closings: what an account's entries come to up to one of them, kept so that a balance at a past time needs no walk through
//! all that was ever booked. Entries are in the order of their ids. A closing is made of entries that nothing can come
//! before any more, so it never changes and whoever makes it makes the same.

use crate::ids::EntryId;
use crate::ledger::{AccountId, Entry};
use crate::time::Timestamp;
use crate::verification::{ID_SKEW_MAX, SETTLED_AFTER, Tally};

/// A closing holds at most so many entries more than the one before it.
pub const CLOSING_ENTRIES_MAX: usize = 1_000;

/// Each time a tenant has posted so many more transactions, its accounts are closed; and once a day.
pub const CLOSE_EVERY: u64 = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    pub account: AccountId,
    /// The last entry that is in it.
    pub upto: EntryId,
    /// Of all entries up to that one.
    pub tally: Tally,
}

impl Closing {
    /// The closing that follows `last` (or the first) by these entries, which are in order and all there are. `None` of none.
    pub fn after(last: Option<&Self>, account: AccountId, entries: &[Entry]) -> Option<Self> {
        let upto = entries.last()?.id;
        let mut tally = last.map(|last| last.tally).unwrap_or_default();
        entries.iter().for_each(|entry| tally.add(entry.amount));
        Some(Self { account, upto, tally })
    }
}

/// Entries below it are all there.
pub fn settled_before(now: Timestamp) -> EntryId {
    EntryId::floor_at(now.minus(SETTLED_AFTER))
}

/// Which entries a balance at a moment is made of: those below `surely`, and of those from there to below `perhaps` the ones
/// whose `created_at` is not after it. An id and a `created_at` may lie a little apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    pub at: Timestamp,
    pub surely: EntryId,
    pub perhaps: EntryId,
}

impl Until {
    pub fn of(at: Timestamp) -> Self {
        let surely = EntryId::floor_at(at.minus(ID_SKEW_MAX));
        Self { at, surely, perhaps: EntryId::floor_at(at.plus(ID_SKEW_MAX)) }
    }

    pub fn has(&self, entry: &Entry) -> bool {
        entry.created_at <= self.at
    }
}

/// Whether the journal's `total` has passed a multiple of [`CLOSE_EVERY`] by a block of so many transactions.
pub fn is_time(total: u64, transactions: usize) -> bool {
    total / CLOSE_EVERY > total.saturating_sub(transactions as u64) / CLOSE_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TransactionId;

    fn entry(id: u128, amount: i64, created_at_ms: i64) -> Entry {
        Entry {
            id: EntryId::from_u128(id),
            transaction: TransactionId::from_u128(1),
            account: "acc_merchant_eur".parse().expect("an account"),
            amount,
            payment: None,
            created_at: Timestamp::from_ms(created_at_ms),
        }
    }

    #[test]
    fn a_closing_goes_on_from_the_one_before() {
        let account = entry(1, 1, 0).account;
        let first = Closing::after(None, account, &[entry(1, 500, 0), entry(2, -200, 0)]).expect("a closing");
        assert_eq!((first.upto, first.tally), (EntryId::from_u128(2), Tally { sum: 300, count: 2 }));
        let second = Closing::after(Some(&first), account, &[entry(3, 50, 0)]).expect("a closing");
        assert_eq!((second.upto, second.tally), (EntryId::from_u128(3), Tally { sum: 350, count: 3 }));
        assert_eq!(Closing::after(Some(&second), account, &[]), None);
    }

    #[test]
    fn what_lies_up_to_a_skew_from_a_moment_is_decided_by_the_entry() {
        let at = Timestamp::from_ms(10_000);
        let until = Until::of(at);
        let id_at = |ms| EntryId::floor_at(Timestamp::from_ms(ms));
        assert!(id_at(8_999) < until.surely && id_at(9_000) >= until.surely);
        assert!(id_at(10_999) < until.perhaps && id_at(11_000) >= until.perhaps);
        assert!(until.has(&entry(1, 1, 10_000)) && !until.has(&entry(1, 1, 10_001)));
    }

    #[test]
    fn every_250_transactions_it_is_time() {
        let times = [(249, 1), (250, 1), (250, 99), (251, 1), (348, 99), (349, 99), (500, 2)]
            .map(|(total, n)| is_time(total, n));
        assert_eq!(times, [false, true, true, false, true, false, true]);
    }
}
