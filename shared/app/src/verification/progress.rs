//! How far the verification of one ledger has come, as a value that is saved between runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use domain::ids::{EntryId, TenantId, WalletId};
use domain::journal::{Digest, Link};
use domain::ledger::{AccountId, AccountKind, Source};
use domain::time::Timestamp;
use domain::verification::{Fault, Tally, settled_at};
use ports::PortError;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Verifying, readable};

/// Faults are counted without end and told up to here.
const FAULTS_TOLD_MAX: usize = 50;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    tenant: Text<TenantId>,
    cut_ms: i64,
    /// The number and hash of the newest block when it began.
    pub head: u64,
    pub hash: String,
    pub(super) step: Step,
    /// Of the transactions up to the cut, by account; of wallets together.
    of_transactions: BTreeMap<Text<AccountId>, (i64, u64)>,
    /// Of the entries up to the cut.
    of_entries: BTreeMap<Text<AccountId>, (i64, u64)>,
    pub transactions: u64,
    pub faults: Vec<String>,
    pub fault_count: usize,
    /// Transactions that were in no block in time. The job has appended them.
    pub left_out: usize,
    /// Accounts that were written too fast to compare their balance.
    pub undecided: usize,
}

/// What is looked at next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Step {
    Chain(Chain),
    Transactions { after: Option<Text<Source>> },
    Accounts(Accounts),
    Done,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Chain {
    number: u64,
    hash: Text<Digest>,
    booked_at_ms: i64,
    total: u64,
}

impl From<Link> for Chain {
    fn from(Link { number, hash, booked_at, total }: Link) -> Self {
        Self { number, hash: Text(hash), booked_at_ms: booked_at.as_ms(), total }
    }
}

impl Chain {
    pub(super) fn link(&self) -> Link {
        let Self { number, hash, booked_at_ms, total } = self;
        Link { number: *number, hash: hash.0, booked_at: Timestamp::from_ms(*booked_at_ms), total: *total }
    }
}

/// The accounts that are left of those that were listed, and the entries of the one before them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Accounts {
    pub(super) left: Vec<Text<AccountId>>,
    pub(super) walk: Option<Walk>,
    pub(super) wallets: Wallets,
}

/// Which wallets come next: a tenant may have more than can be saved, so they are listed page by page.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Wallets {
    After(Option<Text<AccountId>>),
    AllListed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Walk {
    pub(super) account: Text<AccountId>,
    pub(super) from: Text<EntryId>,
    /// The sum of all entries before `from`.
    pub(super) sum: i64,
}

impl Progress {
    pub(super) async fn begin(on: Verifying<'_>, tenant: TenantId, now: Timestamp) -> Result<Self, PortError> {
        let mut progress = Self {
            tenant: Text(tenant),
            cut_ms: settled_at(now).as_ms(),
            head: 0,
            hash: String::new(),
            step: Step::Chain(Link::START.into()),
            of_transactions: BTreeMap::new(),
            of_entries: BTreeMap::new(),
            transactions: 0,
            faults: Vec::new(),
            fault_count: 0,
            left_out: 0,
            undecided: 0,
        };
        let head = on.journal.head(tenant).await;
        if let Some(Some(head)) = readable(&mut progress, "the head of the journal", head)? {
            progress.head = head.number;
            progress.hash = head.hash.to_string();
        }
        Ok(progress)
    }

    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant.0
    }

    pub(super) fn cut(&self) -> Timestamp {
        Timestamp::from_ms(self.cut_ms)
    }

    pub(super) fn found(&mut self, fault: Fault) {
        let fault = fault.to_string();
        // A row that is looked at twice is told of once.
        if self.faults.contains(&fault) {
            return;
        }
        tracing::error!(tenant = %self.tenant.0, fault, "the ledger is wrong");
        self.fault_count += 1;
        if self.faults.len() < FAULTS_TOLD_MAX {
            self.faults.push(fault);
        }
    }

    pub(super) fn count_transaction(&mut self, account: AccountId, amount: i64) {
        count(&mut self.of_transactions, account, amount);
    }

    pub(super) fn count_entry(&mut self, account: AccountId, amount: i64) {
        count(&mut self.of_entries, account, amount);
    }

    /// Those that transactions name, but for wallets.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.of_transactions.keys().map(|account| account.0).filter(|account| !is_wallet(*account))
    }

    /// That entries and transactions of wallets come to the same in each currency.
    pub(super) fn compare_wallets(&mut self) {
        let counted = self.of_transactions.keys().chain(self.of_entries.keys()).map(|account| account.0);
        let wallets: BTreeSet<AccountId> = counted.filter(|account| is_wallet(*account)).collect();
        for account in wallets {
            let (of_entries, of_transactions) = self.tallies(account);
            if of_entries != of_transactions {
                self.found(Fault::WalletEntries { currency: account.currency, of_entries, of_transactions });
            }
        }
    }

    /// What the entries and the transactions of an account come to.
    pub(super) fn tallies(&self, account: AccountId) -> (Tally, Tally) {
        let tally = |of: &BTreeMap<_, _>| of.get(&Text(account)).map(tally).unwrap_or_default();
        (tally(&self.of_entries), tally(&self.of_transactions))
    }

    pub(super) fn entry_tallies(&self) -> BTreeMap<AccountId, Tally> {
        self.of_entries.iter().map(|(account, of)| (account.0, tally(of))).collect()
    }
}

pub(super) fn is_wallet(account: AccountId) -> bool {
    matches!(account.kind, AccountKind::Wallet(_))
}

/// All wallets of a currency are counted as one, whose id is zero: there may be more of them than can be saved.
fn counted_as(account: AccountId) -> AccountId {
    match account.kind {
        AccountKind::Wallet(_) => AccountId { kind: AccountKind::Wallet(WalletId::from_u128(0)), ..account },
        AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => account,
    }
}

fn tally((sum, count): &(i64, u64)) -> Tally {
    Tally { sum: *sum, count: *count }
}

fn count(tallies: &mut BTreeMap<Text<AccountId>, (i64, u64)>, account: AccountId, amount: i64) {
    let of = tallies.entry(Text(counted_as(account))).or_default();
    let mut sum = tally(of);
    sum.add(amount);
    *of = (sum.sum, sum.count);
}

/// A value that is saved as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("is not as it was saved"))
    }
}
