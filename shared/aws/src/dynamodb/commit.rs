//! A commit as one TransactWriteItems: every change an item with its condition, every failed condition the port's word for
//! it. Nothing is read before; what a failed condition met comes back with the refusal.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind, BalanceChange, Posting, Source};
use domain::money::{Amount, Money};
use domain::time::Timestamp;
use ports::commerce::{Change, Commerce, Commit, CommitError};
use ports::{PortError, PortErrorKind};

use super::idempotency::{StoredRecord, claimed};
use super::record::ms;
use super::statement_page::{DifferencesPage, LinesPage, Place};
use super::transact::{NotWritten, Obstacle, Writes};
use super::transaction::StoredEntry;
use super::{CommerceTable, Table, balance, idempotency, order, payment, wallet};

const OPERATION: &str = "commit";

#[async_trait]
impl Commerce for CommerceTable {
    /// One call, whatever the commit holds. DynamoDB takes 100 items in a transaction, 4 MB together.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let now = commit.now;
        match writes(&self.0, commit)?.send(OPERATION).await {
            Ok(()) => Ok(()),
            Err(NotWritten::Contended) => Err(CommitError::Contended),
            Err(NotWritten::Port(error)) => Err(CommitError::Port(error)),
            Err(NotWritten::Cancelled(obstacles)) => {
                let refusals = obstacles.into_iter().map(|(guard, obstacle)| guard.refusal(obstacle, now));
                Err(refusals.min_by_key(precedence).unwrap_or(CommitError::Contended))
            }
        }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        idempotency::find(&self.0, tenant, claim, now).await
    }
}

/// What an item's condition guards.
enum Guard {
    Claim,
    /// The item is as it was read, or is not there yet.
    Fresh,
    Hold(Money),
    Reservation(Amount),
    Posting(Source),
    WalletExists,
    Booking(balance::Sums),
    /// Balance rows of other accounts have no condition.
    Nothing,
}

fn writes(table: &Table, commit: Commit) -> Result<Writes<'_, Guard>, PortError> {
    let Commit { tenant, record, changes, events, now } = commit;
    let mut writes = Writes::new(table);
    let mut balances = Balances::default();
    if let Some(record) = record {
        writes.claim(Guard::Claim, &StoredRecord { tenant, record }, ms(now))?;
    }
    for change in changes {
        match change {
            Change::CreateOrder(order) => writes.create(Guard::Fresh, &order)?,
            Change::UpdateOrder(order) => writes.replace(Guard::Fresh, &order, order.version)?,
            Change::HoldOrder { order, money } => {
                writes.update(Guard::Hold(money), order::hold(table, tenant, order, money, now)?);
            }
            Change::CreatePayment(payment) => writes.create(Guard::Fresh, &payment)?,
            Change::UpdatePayment(payment) => writes.replace(Guard::Fresh, &payment, payment.version)?,
            Change::ReserveRefund { payment, amount } => {
                let update = payment::reserve_refund(table, tenant, payment, amount, now)?;
                writes.update(Guard::Reservation(amount), update);
            }
            Change::CreateRefund(refund) => writes.create(Guard::Fresh, &refund)?,
            Change::UpdateRefund(refund) => writes.replace(Guard::Fresh, &refund, refund.version)?,
            Change::SetConnections(connections) if connections.version <= 1 => {
                writes.create(Guard::Fresh, &connections)?;
            }
            Change::SetConnections(connections) => {
                writes.replace(Guard::Fresh, &connections, connections.version)?;
            }
            Change::CreateWallet(wallet) => writes.create(Guard::Fresh, &wallet)?,
            Change::RequireWallet(account) => {
                writes.check(Guard::WalletExists, wallet::exists(table, tenant, account)?);
            }
            Change::CreateStatement { statement, lines } => {
                writes.create(Guard::Fresh, &statement)?;
                let place = Place { tenant, statement: statement.id };
                LinesPage::all(place, &lines).try_for_each(|page| writes.create(Guard::Fresh, &page))?;
            }
            Change::ConcludeStatement { statement, differences } => {
                writes.replace(Guard::Fresh, &statement, statement.version)?;
                let place = Place { tenant, statement: statement.id };
                DifferencesPage::all(place, &differences).try_for_each(|page| writes.create(Guard::Fresh, &page))?;
            }
            Change::CreateDispute(dispute) => writes.create(Guard::Fresh, &dispute)?,
            Change::UpdateDispute(dispute) => writes.replace(Guard::Fresh, &dispute, dispute.version)?,
            Change::Post(posting) => post(&mut writes, &mut balances, tenant, posting)?,
        }
    }
    for (account, shard, sums) in balances.rows() {
        match account.kind {
            AccountKind::Wallet(_) => {
                writes.update(Guard::Booking(sums), wallet::book(table, tenant, account, sums)?);
            }
            AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => {
                writes.update(Guard::Nothing, balance::add(table, tenant, account, shard, sums)?);
            }
        }
    }
    for event in events {
        writes.create(Guard::Fresh, &event)?;
    }
    Ok(writes)
}

fn post(
    writes: &mut Writes<'_, Guard>,
    balances: &mut Balances,
    tenant: TenantId,
    posting: Posting,
) -> Result<(), PortError> {
    let Posting { transaction, balances: changes } = posting;
    if let Some(transaction) = transaction {
        writes.create(Guard::Posting(transaction.source()), &transaction)?;
        for entry in transaction.entries() {
            // Its own condition keeps an entry from ever being written over.
            writes.create(Guard::Fresh, &StoredEntry { tenant, entry: entry.clone() })?;
        }
    }
    changes.into_iter().for_each(|change| balances.add(change));
    Ok(())
}

/// The commit's changes by balance row: a transaction may touch an item once.
#[derive(Default)]
struct Balances(BTreeMap<(AccountId, u8), balance::Sums>);

impl Balances {
    fn add(&mut self, change: BalanceChange) {
        let BalanceChange { account, shard, posted, pending } = change;
        let sums = self.0.entry((account, shard)).or_default();
        sums.posted += posted;
        sums.pending += pending;
    }

    fn rows(self) -> impl Iterator<Item = (AccountId, u8, balance::Sums)> {
        self.0.into_iter().map(|((account, shard), sums)| (account, shard, sums))
    }
}

impl Guard {
    fn refusal(self, obstacle: Obstacle, now: Timestamp) -> CommitError {
        match (obstacle, self) {
            (Obstacle::Conflict, _) => CommitError::Contended,
            (Obstacle::Throttled, _) => CommitError::Port(PortError::new(PortErrorKind::Throttled, OPERATION)),
            (Obstacle::Rejected, _) => CommitError::Port(PortError::new(PortErrorKind::Rejected, OPERATION)),
            (Obstacle::Condition(item), Self::Claim) => match claimed(item) {
                Ok(record) => CommitError::Claimed(Box::new(record)),
                Err(error) => CommitError::Port(error),
            },
            (Obstacle::Condition(item), Self::Hold(money)) => order::hold_refused(item, money, now),
            (Obstacle::Condition(item), Self::Reservation(amount)) => payment::reservation_refused(item, amount, now),
            (Obstacle::Condition(_), Self::Posting(source)) => CommitError::AlreadyPosted(source),
            (Obstacle::Condition(_), Self::WalletExists) => CommitError::WalletMissing,
            (Obstacle::Condition(item), Self::Booking(sums)) => wallet::booking_refused(item, sums),
            (Obstacle::Condition(_), Self::Fresh | Self::Nothing) => CommitError::Stale,
        }
    }
}

/// The order in which [`CommitError`] lists them.
fn precedence(error: &CommitError) -> u8 {
    match error {
        CommitError::Claimed(_) => 0,
        CommitError::OrderMissing => 1,
        CommitError::OrderRefused(_) => 2,
        CommitError::PaymentMissing => 3,
        CommitError::PaymentRefused(_) => 4,
        CommitError::AlreadyPosted(_) => 5,
        CommitError::Stale => 6,
        CommitError::WalletMissing => 7,
        CommitError::Overdrawn(_) => 8,
        CommitError::Contended => 9,
        CommitError::Port(_) => 10,
    }
}
