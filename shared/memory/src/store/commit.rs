//! A commit: every change is decided on the table as it stands, then all are written or none. As in DynamoDB, a commit with
//! two changes of one row is a fault of the caller, and so is a row of another tenant.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::connection::Connections;
use domain::dispute::Dispute;
use domain::event::Event;
use domain::idempotency::{Claim, Record};
use domain::ids::{DisputeId, OrderId, PaymentId, RefundId, StatementId, TenantId};
use domain::ledger::{AccountId, Posting, Source};
use domain::money::Money;
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::statement::{Difference, Statement, StatementLine};
use domain::time::Timestamp;
use domain::wallet::Wallet;
use ports::commerce::{Change, Commerce, Commit, CommitError};
use ports::{PortError, PortErrorKind};

use super::event::place;
use super::{CommerceTable, Store};

const OPERATION: &str = "commerce.commit";

#[async_trait]
impl Commerce for Store {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.faults.call(OPERATION, || self.commerce.get().commit(commit)).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        let effect = || Ok(self.commerce.get().records.live(tenant, claim, now).cloned());
        self.faults.call("commerce.find_record", effect).await
    }
}

/// A row as it will be.
enum Write {
    Order(Order),
    Payment(Payment),
    Refund(Refund),
    Dispute(Dispute),
    NewStatement(Statement, Vec<StatementLine>),
    EndedStatement(Statement, Vec<Difference>),
    NewWallet(Wallet),
    Connections(Connections),
    /// With the wallets it books on, as they will be.
    Post(Posting, Vec<Wallet>),
    Nothing,
}

#[derive(PartialEq, Eq, Hash)]
enum Row {
    Order(OrderId),
    Payment(PaymentId),
    Refund(PaymentId, RefundId),
    Wallet(AccountId),
    Dispute(DisputeId),
    Statement(StatementId),
    Connections,
    Source(Source),
}

impl CommerceTable {
    fn commit(&mut self, commit: Commit) -> Result<(), CommitError> {
        let Commit { tenant, record, changes, events, now } = commit;
        let names_one_tenant = changes.iter().all(|change| tenant_of(change).is_none_or(|other| other == tenant));
        let mut rows = HashSet::new();
        let names_rows_once = changes.iter().filter_map(row_of).all(|row| rows.insert(row));
        if !names_one_tenant || !names_rows_once || events.iter().any(|event| event.tenant != tenant) {
            return Err(PortError::new(PortErrorKind::Rejected, OPERATION).into());
        }
        if let Some(claimed) = record.as_ref().and_then(|record| self.records.live(tenant, &record.claim, now)) {
            return Err(CommitError::Claimed(Box::new(claimed.clone())));
        }
        let writes = self.decide_all(tenant, changes, now)?;
        if self.has_event_of(&events) {
            return Err(CommitError::Stale);
        }

        if let Some(record) = record {
            self.records.insert(tenant, record);
            self.stream.push_other();
        }
        for write in writes {
            self.write(tenant, write);
        }
        self.log(events);
        Ok(())
    }

    pub(super) fn has_event_of(&self, events: &[Event]) -> bool {
        events.iter().any(|event| self.events.contains_key(&(event.tenant, event.id)))
    }

    pub(super) fn log(&mut self, events: Vec<Event>) {
        for event in events {
            self.unpublished.insert(place(&event));
            self.events.insert((event.tenant, event.id), event.clone());
            self.stream.push(None, Some(event));
        }
    }

    /// What each change writes, or the refusal that comes first among all.
    fn decide_all(&self, tenant: TenantId, changes: Vec<Change>, now: Timestamp) -> Result<Vec<Write>, CommitError> {
        let (mut writes, mut refusals) = (Vec::new(), Vec::new());
        for change in changes {
            match self.decide(tenant, change, now) {
                Ok(write) => writes.push(write),
                Err(refusal) => refusals.push(refusal),
            }
        }
        match refusals.into_iter().min_by_key(precedence) {
            Some(refusal) => Err(refusal),
            None => Ok(writes),
        }
    }

    fn decide(&self, tenant: TenantId, change: Change, now: Timestamp) -> Result<Write, CommitError> {
        let order = |id| self.orders.get(&(tenant, id));
        let payment = |id| self.payments.get(&(tenant, id));
        let refund = |of: &Refund| self.refunds.get(&(tenant, of.payment, of.id));
        let dispute = |of: &Dispute| self.disputes.get(&(tenant, of.id));
        let unless_stale = |holds: bool, write| if holds { Ok(write) } else { Err(CommitError::Stale) };
        match change {
            Change::CreateOrder(new) => unless_stale(order(new.id).is_none(), Write::Order(new)),
            Change::UpdateOrder(new) => {
                let stored = order(new.id).map(|order| order.version);
                unless_stale(follows(stored, new.version), Write::Order(new))
            }
            Change::HoldOrder { order: id, money } => hold(order(id), money, now),
            Change::CreatePayment(new) => unless_stale(payment(new.id).is_none(), Write::Payment(new)),
            Change::UpdatePayment(new) => {
                let stored = payment(new.id).map(|payment| payment.version);
                unless_stale(follows(stored, new.version), Write::Payment(new))
            }
            Change::ReserveRefund { payment: id, amount } => {
                let stored = payment(id).ok_or(CommitError::PaymentMissing)?;
                stored.reserve_refund(amount, now).map(Write::Payment).map_err(CommitError::PaymentRefused)
            }
            Change::CreateRefund(new) => unless_stale(refund(&new).is_none(), Write::Refund(new)),
            Change::UpdateRefund(new) => {
                let stored = refund(&new).map(|refund| refund.version);
                unless_stale(follows(stored, new.version), Write::Refund(new))
            }
            Change::CreateStatement { statement, lines } => {
                let is_new = !self.statements.contains_key(&(tenant, statement.id));
                unless_stale(is_new, Write::NewStatement(statement, lines))
            }
            Change::ConcludeStatement { statement, differences } => {
                let stored = self.statements.get(&(tenant, statement.id)).map(|stored| stored.version);
                unless_stale(follows(stored, statement.version), Write::EndedStatement(statement, differences))
            }
            Change::SetConnections(new) => {
                let stored = self.connections.get(&tenant).map_or(0, |stored| stored.version);
                unless_stale(follows(Some(stored), new.version), Write::Connections(new))
            }
            Change::CreateWallet(new) => {
                unless_stale(self.wallet(tenant, new.account()).is_none(), Write::NewWallet(new))
            }
            Change::RequireWallet(account) => {
                self.wallet(tenant, account).map(|_| Write::Nothing).ok_or(CommitError::WalletMissing)
            }
            Change::CreateDispute(new) => unless_stale(dispute(&new).is_none(), Write::Dispute(new)),
            Change::UpdateDispute(new) => {
                let stored = dispute(&new).map(|dispute| dispute.version);
                unless_stale(follows(stored, new.version), Write::Dispute(new))
            }
            Change::Post(posting) => match posting.transaction.as_ref().map(|transaction| transaction.source()) {
                Some(source) if self.transactions.contains_key(&(tenant, source)) => {
                    Err(CommitError::AlreadyPosted(source))
                }
                _ => self.book_on_wallets(tenant, &posting).map(|wallets| Write::Post(posting, wallets)),
            },
        }
    }

    fn write(&mut self, tenant: TenantId, write: Write) {
        match write {
            Write::Order(order) => {
                let old = self.orders.insert((tenant, order.id), order.clone());
                self.orders_before.insert((tenant, order.id), old.clone());
                self.stream.push(old, Some(order));
            }
            Write::Payment(payment) => {
                let old = self.payments.insert((tenant, payment.id), payment.clone());
                self.payments_before.insert((tenant, payment.id), old.clone());
                self.stream.push(old, Some(payment));
            }
            Write::Refund(refund) => {
                let old = self.refunds.insert((tenant, refund.payment, refund.id), refund.clone());
                self.stream.push(old, Some(refund));
            }
            Write::Dispute(dispute) => {
                let old = self.disputes.insert((tenant, dispute.id), dispute.clone());
                self.stream.push(old, Some(dispute));
            }
            Write::NewStatement(statement, lines) => {
                self.statement_lines.insert((tenant, statement.id), lines);
                self.statements.insert((tenant, statement.id), statement);
                self.stream.push_other();
            }
            Write::EndedStatement(statement, differences) => {
                self.differences.insert((tenant, statement.id), differences);
                self.statements.insert((tenant, statement.id), statement);
                self.stream.push_other();
            }
            Write::Connections(connections) => {
                self.connections.insert(tenant, connections);
                self.stream.push_other();
            }
            Write::NewWallet(wallet) => {
                self.wallets.insert((tenant, wallet.id), wallet);
                self.stream.push_other();
            }
            Write::Post(posting, wallets) => self.post(tenant, posting, wallets),
            Write::Nothing => {}
        }
    }
}

fn hold(stored: Option<&Order>, money: Money, now: Timestamp) -> Result<Write, CommitError> {
    let stored = stored.ok_or(CommitError::OrderMissing)?;
    stored.hold(money, now).map(Write::Order).map_err(CommitError::OrderRefused)
}

/// Whether an update to `version` stands on what is stored; on nothing, it does not.
pub(super) fn follows(stored: Option<u64>, version: u64) -> bool {
    stored.is_some_and(|stored| stored.checked_add(1) == Some(version))
}

/// In the order in which [`CommitError`] lists them.
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

fn tenant_of(change: &Change) -> Option<TenantId> {
    match change {
        Change::CreateOrder(order) | Change::UpdateOrder(order) => Some(order.tenant),
        Change::CreatePayment(payment) | Change::UpdatePayment(payment) => Some(payment.tenant),
        Change::CreateRefund(refund) | Change::UpdateRefund(refund) => Some(refund.tenant),
        Change::SetConnections(connections) => Some(connections.tenant),
        Change::CreateWallet(wallet) => Some(wallet.tenant),
        Change::CreateDispute(dispute) | Change::UpdateDispute(dispute) => Some(dispute.tenant),
        Change::CreateStatement { statement, lines: _ } | Change::ConcludeStatement { statement, differences: _ } => {
            Some(statement.tenant)
        }
        Change::Post(posting) => posting.transaction.as_ref().map(|transaction| transaction.tenant()),
        Change::HoldOrder { .. } | Change::ReserveRefund { .. } | Change::RequireWallet(_) => None,
    }
}

/// The row a change is about; a posting without a transaction only adds to balances.
fn row_of(change: &Change) -> Option<Row> {
    match change {
        Change::CreateOrder(order) | Change::UpdateOrder(order) => Some(Row::Order(order.id)),
        Change::HoldOrder { order, money: _ } => Some(Row::Order(*order)),
        Change::CreatePayment(payment) | Change::UpdatePayment(payment) => Some(Row::Payment(payment.id)),
        Change::ReserveRefund { payment, amount: _ } => Some(Row::Payment(*payment)),
        Change::CreateRefund(refund) | Change::UpdateRefund(refund) => Some(Row::Refund(refund.payment, refund.id)),
        Change::SetConnections(_) => Some(Row::Connections),
        Change::CreateWallet(wallet) => Some(Row::Wallet(wallet.account())),
        Change::RequireWallet(account) => Some(Row::Wallet(*account)),
        Change::CreateDispute(dispute) | Change::UpdateDispute(dispute) => Some(Row::Dispute(dispute.id)),
        Change::CreateStatement { statement, lines: _ } | Change::ConcludeStatement { statement, differences: _ } => {
            Some(Row::Statement(statement.id))
        }
        Change::Post(posting) => posting.transaction.as_ref().map(|transaction| Row::Source(transaction.source())),
    }
}
