//! The two tables of the application, each under one lock: a commit is all or nothing because nobody looks in between.
//! Reads of either consistency see the latest state.

mod attempts;
mod commit;
mod due;
mod event;
mod ledger;
mod order;
mod page;
mod payment;
mod records;
mod refund;
mod session;
mod stream;
mod tenant;
mod user;
mod wallet;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::event::Event;
use domain::identity::{Session, Tenant, User};
use domain::ids::{EntryId, EventId, OrderId, PaymentId, RefundId, SessionId, TenantId, UserId, WalletId};
use domain::ledger::{AccountId, Balance, Entry, Source, Transaction};
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::text::Email;
use domain::time::Timestamp;
use domain::wallet::Wallet;
use ports::identity::{AttemptScope, Attempts};
use ports::stream::StreamChange;

use crate::faults::Faults;
use crate::lock::Lock;
use records::Records;
use stream::Stream;

#[derive(Debug, Default)]
pub struct Store {
    faults: Faults,
    commerce: Lock<CommerceTable>,
    identity: Lock<IdentityTable>,
}

#[derive(Debug, Default)]
struct CommerceTable {
    orders: BTreeMap<(TenantId, OrderId), Order>,
    payments: BTreeMap<(TenantId, PaymentId), Payment>,
    refunds: BTreeMap<(TenantId, PaymentId, RefundId), Refund>,
    transactions: BTreeMap<(TenantId, Source), Transaction>,
    entries: BTreeMap<(TenantId, AccountId, EntryId), Entry>,
    balances: BTreeMap<(TenantId, AccountId), Balance>,
    wallets: BTreeMap<(TenantId, WalletId), Wallet>,
    events: BTreeMap<(TenantId, EventId), Event>,
    /// By the moment from which their publication is overdue.
    unpublished: BTreeSet<(Timestamp, TenantId, EventId)>,
    records: Records,
    stream: Stream,
}

#[derive(Debug, Default)]
struct IdentityTable {
    tenants: BTreeMap<TenantId, Tenant>,
    users: BTreeMap<(TenantId, UserId), User>,
    logins: BTreeMap<(Email, TenantId), UserId>,
    sessions: BTreeMap<(TenantId, SessionId), Session>,
    attempts: HashMap<AttemptScope, Attempts>,
    records: Records,
    stream: Stream,
}

/// All that is in the store, of all tenants, for checking what must hold of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub orders: Vec<Order>,
    pub payments: Vec<Payment>,
    pub refunds: Vec<Refund>,
    pub transactions: Vec<Transaction>,
    /// Those of wallets too.
    pub balances: Vec<(TenantId, Balance)>,
    pub wallets: Vec<Wallet>,
    pub events: Vec<Event>,
    /// Those that no queue has seen.
    pub unpublished: Vec<EventId>,
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
}

impl Store {
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// The changes since the last call, in the order of their commits, those of the commerce table first. A real stream may
    /// give them in another order and twice.
    pub fn take_stream(&self) -> Vec<StreamChange> {
        let mut changes = self.commerce.get().stream.take();
        changes.append(&mut self.identity.get().stream.take());
        changes
    }

    pub fn contents(&self) -> Contents {
        let commerce = self.commerce.get();
        let identity = self.identity.get();
        let accounts = commerce.balances.iter().map(|((tenant, _), balance)| (*tenant, *balance));
        let of_wallets = commerce.wallets.values().map(|wallet| (wallet.tenant, wallet.balance()));
        Contents {
            orders: commerce.orders.values().cloned().collect(),
            payments: commerce.payments.values().cloned().collect(),
            refunds: commerce.refunds.values().cloned().collect(),
            transactions: commerce.transactions.values().cloned().collect(),
            balances: accounts.chain(of_wallets).collect(),
            wallets: commerce.wallets.values().cloned().collect(),
            events: commerce.events.values().cloned().collect(),
            unpublished: commerce.unpublished.iter().map(|(_, _, id)| *id).collect(),
            tenants: identity.tenants.values().cloned().collect(),
            users: identity.users.values().cloned().collect(),
            sessions: identity.sessions.values().cloned().collect(),
        }
    }

    /// The wallets alone, of all tenants.
    pub fn wallets(&self) -> Vec<Wallet> {
        self.commerce.get().wallets.values().cloned().collect()
    }

    /// Deletes what has expired, as the table's time-to-live does some time after: nothing may depend on when.
    pub fn delete_expired(&self, now: Timestamp) {
        let mut commerce = self.commerce.get();
        commerce.records.delete_expired(now);
        commerce.delete_expired_events(now);
        let mut identity = self.identity.get();
        identity.records.delete_expired(now);
        identity.delete_expired_sessions(now);
        identity.attempts.retain(|_, attempts| now < attempts.window_ends_at);
    }
}
