//! Orders, payments, refunds, the ledger, idempotency records and events: one table, one way to write it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::connection::Connections;
use domain::dispute::{Dispute, DisputeStatus};
use domain::event::Event;
use domain::idempotency::{Claim, Record};
use domain::ids::{DisputeId, EntryId, EventId, OrderId, PaymentId, RefundId, TenantId};
use domain::ledger::{AccountId, Balance, Entry, Posting, Source, Transaction};
use domain::money::{Amount, Money};
use domain::order::{Order, OrderRefusal, OrderStatus};
use domain::page::{Page, PageRequest};
use domain::payment::{Payment, PaymentRefusal, PaymentStatus};
use domain::refund::Refund;
use domain::statement::{Difference, Statement, StatementLine};
use domain::text::Email;
use domain::time::Timestamp;
use domain::wallet::{Overdrawn, Wallet};

use crate::PortError;

/// How fresh a read must be. Money is decided on strong reads; readers of the API get eventual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    Eventual,
    Strong,
}

/// How many ids a batch read takes: a page's at most.
pub const BATCH_MAX: usize = 100;

/// One step of a commit. Every step names the condition it stands under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The order does not exist yet.
    CreateOrder(Order),
    /// The stored order has the version before this one's.
    UpdateOrder(Order),
    /// [`Order::hold`] allows it on the stored order, whatever its version; decided by the store without a read before.
    HoldOrder {
        order: OrderId,
        money: Money,
    },
    CreatePayment(Payment),
    UpdatePayment(Payment),
    /// [`Payment::reserve_refund`] allows it on the stored payment, whatever its version.
    ReserveRefund {
        payment: PaymentId,
        amount: Amount,
    },
    CreateRefund(Refund),
    UpdateRefund(Refund),
    CreateDispute(Dispute),
    UpdateDispute(Dispute),
    /// The statement does not exist yet; written with all its lines.
    CreateStatement {
        statement: Statement,
        lines: Vec<StatementLine>,
    },
    /// The stored statement has the version before this one's; written with all its differences.
    ConcludeStatement {
        statement: Statement,
        differences: Vec<Difference>,
    },
    /// The stored ones have the version before these, or are none and these are the first.
    SetConnections(Connections),
    CreateWallet(Wallet),
    /// The wallet exists. It stays as it is.
    RequireWallet(AccountId),
    /// No transaction of the same source exists. Balance rows add up, in any order; of a wallet, [`Wallet::book`] allows it
    /// on the stored one.
    Post(Posting),
}

/// What is written together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit<C = Change> {
    pub tenant: TenantId,
    /// The claim on an idempotency key with the answer that will be given again. Stands when no live record has the key.
    pub record: Option<Record>,
    pub changes: Vec<C>,
    pub events: Vec<Event>,
    pub now: Timestamp,
}

/// Why nothing of a commit was written. Where several conditions fail, the first of this list is told.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the idempotency key has been used")]
    Claimed(Box<Record>),
    #[error("there is no such order")]
    OrderMissing,
    #[error(transparent)]
    OrderRefused(OrderRefusal),
    #[error("there is no such payment")]
    PaymentMissing,
    #[error(transparent)]
    PaymentRefused(PaymentRefusal),
    #[error("a transaction for {0} exists")]
    AlreadyPosted(Source),
    #[error("something changed since it was read")]
    Stale,
    #[error("there is no such wallet")]
    WalletMissing,
    #[error(transparent)]
    Overdrawn(Overdrawn),
    /// Another transaction was at the same items at the same time; this one may be tried again at once.
    #[error("another transaction was under way")]
    Contended,
    #[error(transparent)]
    Port(#[from] PortError),
}

#[async_trait]
pub trait Commerce: Send + Sync {
    /// Writes all of it or nothing, in one transaction of the store: a condition that fails anywhere leaves everything
    /// as it was. `TimedOut` leaves open which; doing the same commit again then answers `Claimed`, `Stale` or
    /// `AlreadyPosted` if the first took effect, never a second effect.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError>;

    /// The live record that the claim's route and key have, whatever was asked under it. Strongly consistent. For requests
    /// that the present state refuses: their first try may have been what made it so.
    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError>;
}

/// All filters apply together; `from` is inclusive, `to` exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub customer: Option<Email>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[async_trait]
pub trait Orders: Send + Sync {
    /// `None` when the tenant has no such order, also when another tenant has.
    async fn get(&self, tenant: TenantId, id: OrderId, consistency: Consistency) -> Result<Option<Order>, PortError>;

    /// Those of the ids that the tenant has, in any order, by one batch read. At most [`BATCH_MAX`] ids, else `Rejected`;
    /// none of none, without a read.
    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<OrderId>,
        consistency: Consistency,
    ) -> Result<Vec<Order>, PortError>;

    /// Newest first, by one query of an index. With a customer and a status a page may hold fewer than `limit` and still
    /// have a next one.
    async fn list(
        &self,
        tenant: TenantId,
        filter: &OrderFilter,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>, PortError>;
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentFilter {
    pub status: Option<PaymentStatus>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[async_trait]
pub trait Payments: Send + Sync {
    async fn get(
        &self,
        tenant: TenantId,
        id: PaymentId,
        consistency: Consistency,
    ) -> Result<Option<Payment>, PortError>;

    /// As [`Orders::get_many`].
    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<PaymentId>,
        consistency: Consistency,
    ) -> Result<Vec<Payment>, PortError>;

    /// Newest first, by one query. `Rejected` for those of a status read strongly: an index cannot be.
    async fn list(
        &self,
        tenant: TenantId,
        filter: &PaymentFilter,
        page: PageRequest<PaymentId>,
        consistency: Consistency,
    ) -> Result<Page<Payment, PaymentId>, PortError>;
}

#[async_trait]
pub trait Refunds: Send + Sync {
    /// Refunds are found below their payment.
    async fn get(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        id: RefundId,
        consistency: Consistency,
    ) -> Result<Option<Refund>, PortError>;

    /// The payment's refunds, newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        payment: PaymentId,
        page: PageRequest<RefundId>,
    ) -> Result<Page<Refund, RefundId>, PortError>;
}

#[async_trait]
pub trait Disputes: Send + Sync {
    async fn get(
        &self,
        tenant: TenantId,
        id: DisputeId,
        consistency: Consistency,
    ) -> Result<Option<Dispute>, PortError>;

    /// Newest first, by one query of an index.
    async fn list(
        &self,
        tenant: TenantId,
        status: Option<DisputeStatus>,
        page: PageRequest<DisputeId>,
    ) -> Result<Page<Dispute, DisputeId>, PortError>;
}

#[async_trait]
pub trait Accounts: Send + Sync {
    /// The sum of the account's rows, read strongly in one query; `None` when nothing was ever booked on it. A wallet's is in
    /// the wallet, from its creation on.
    async fn balance(&self, tenant: TenantId, account: AccountId) -> Result<Option<Balance>, PortError>;

    /// All but the wallets', in order of account id, read strongly in one query: who adds up accounts leaves none out.
    async fn list(&self, tenant: TenantId, page: PageRequest<AccountId>)
    -> Result<Page<Balance, AccountId>, PortError>;

    /// The account's entries, newest first, by one query.
    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        page: PageRequest<EntryId>,
    ) -> Result<Page<Entry, EntryId>, PortError>;

    /// The transaction posted for a source.
    async fn transaction(&self, tenant: TenantId, source: Source) -> Result<Option<Transaction>, PortError>;
}

#[async_trait]
pub trait Wallets: Send + Sync {
    /// With its balance. `None` when the tenant has no wallet of this id in this currency, and for accounts of other kinds.
    async fn get(
        &self,
        tenant: TenantId,
        account: AccountId,
        consistency: Consistency,
    ) -> Result<Option<Wallet>, PortError>;

    /// Newest first, read strongly in one query.
    async fn list(&self, tenant: TenantId, page: PageRequest<AccountId>) -> Result<Page<Wallet, AccountId>, PortError>;
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[async_trait]
pub trait Events: Send + Sync {
    async fn get(&self, tenant: TenantId, id: EventId) -> Result<Option<Event>, PortError>;

    /// Newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        filter: &EventFilter,
        page: PageRequest<EventId>,
    ) -> Result<Page<Event, EventId>, PortError>;

    /// The tenant's events after one and before another, oldest first, at most `limit`, by one query. Read strongly. There
    /// may be more behind a page that is short of `limit`; behind one that is empty there is nothing.
    async fn between(
        &self,
        tenant: TenantId,
        after: EventId,
        before: EventId,
        limit: usize,
    ) -> Result<Vec<Event>, PortError>;

    /// Takes the event off the list of those that no queue has seen; from then on it may expire. Doing it twice, or to an event
    /// that is gone, does nothing.
    async fn mark_published(&self, event: &Event) -> Result<(), PortError>;
}

/// What the sweeper looks for, across tenants: the only reads that are.
#[async_trait]
pub trait Due: Send + Sync {
    /// Payments whose `check_at` is at or before `now`, oldest first within a shard of the index, at most about `limit`.
    async fn payments(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId)>, PortError>;

    async fn refunds(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, PaymentId, RefundId)>, PortError>;

    async fn disputes(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, DisputeId)>, PortError>;

    /// Events whose publication is overdue.
    async fn events(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, EventId)>, PortError>;
}
