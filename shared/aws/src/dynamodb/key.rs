//! Where things lie in a table: the only place that makes keys, and every key begins with the tenant. Three kinds of
//! partition do not, because they are read before a tenant is known or for all of them: logins, login attempts and the due
//! index. `docs/DATA.md` says which access pattern each serves.

mod statement;

use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::dispute::{Dispute, DisputeStatus};
use domain::event::Event;
use domain::idempotency::IdempotencyKey;
use domain::ids::{DisputeId, EntryId, EventId, OrderId, PaymentId, RefundId, SessionId, TenantId, UserId};
use domain::journal::LEFT_OUT_AFTER;
use domain::ledger::{AccountId, Source, Transaction};
use domain::order::OrderStatus;
use domain::payment::{Payment, PaymentStatus};
use domain::refund::Refund;
use domain::text::Email;
use domain::time::Timestamp;
use ports::cache::RouteClass;

use super::Attributes;
use super::query::Bounds;
use crate::digest::sha256_hex;

pub(crate) use statement::{parse_statement, statement_page};

pub(crate) const PARTITION: &str = "pk";
pub(crate) const SORT: &str = "sk";

/// Over how many partitions what is due is spread: each takes 1,000 writes a second.
pub(crate) const DUE_SHARDS: u8 = 16;

/// An index of the commerce table; the platform table has all but that of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    Status,
    Customer,
    Due,
    /// By what a provider calls it.
    Reference,
}

impl Index {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Status => "by_status",
            Self::Customer => "by_customer",
            Self::Due => "due",
            Self::Reference => "by_reference",
        }
    }

    /// The attributes of its partition and sort key.
    pub(crate) fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Status => ("gsi1pk", "gsi1sk"),
            Self::Customer => ("gsi2pk", "gsi2sk"),
            Self::Due => ("gsi3pk", "gsi3sk"),
            Self::Reference => ("gsi4pk", "gsi4sk"),
        }
    }
}

/// What the sweeper looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DueKind {
    Payment,
    Refund,
    Dispute,
    Event,
    Delivery,
    Statement,
    File,
    Job,
    Schedule,
    DeadLetter,
    /// Transactions that are in no block.
    Transaction,
    /// Tenants whose ledger is to be verified.
    Ledger,
}

impl DueKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Event => "event",
            Self::Delivery => "delivery",
            Self::Statement => "statement",
            Self::File => "file",
            Self::Job => "job",
            Self::Schedule => "schedule",
            Self::DeadLetter => "dead_letter",
            Self::Transaction => "transaction",
            Self::Ledger => "ledger",
        }
    }
}

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pk: String,
    sk: String,
}

impl Key {
    pub(crate) fn order(tenant: TenantId, id: OrderId) -> Self {
        Partition::orders(tenant).at(id)
    }

    pub(crate) fn payment(tenant: TenantId, id: PaymentId) -> Self {
        Partition::payments(tenant).at(id)
    }

    pub(crate) fn refund(tenant: TenantId, payment: PaymentId, id: RefundId) -> Self {
        Partition::refunds(tenant, payment).at(id)
    }

    pub(crate) fn dispute(tenant: TenantId, id: DisputeId) -> Self {
        Partition::disputes(tenant).at(id)
    }

    /// All of a tenant's connections to providers are one item.
    pub(crate) fn connections(tenant: TenantId) -> Self {
        Partition::table(tenant, "PRV").at(tenant)
    }

    pub(crate) fn event(tenant: TenantId, id: EventId) -> Self {
        Partition::events(tenant).at(id)
    }

    pub(crate) fn idempotency(tenant: TenantId, route: &str, key: &IdempotencyKey) -> Self {
        Partition::table(tenant, format_args!("IDEM#{route}")).at(key.as_str())
    }

    pub(crate) fn transaction(tenant: TenantId, source: Source) -> Self {
        Partition::transactions(tenant).at(source)
    }

    pub(crate) fn entry(tenant: TenantId, account: AccountId, id: EntryId) -> Self {
        Partition::entries(tenant, account).at(id)
    }

    pub(crate) fn balance(tenant: TenantId, account: AccountId, shard: u8) -> Self {
        Partition::balances(tenant).at(format_args!("{account}#{shard:02}"))
    }

    pub(crate) fn wallet(tenant: TenantId, account: AccountId) -> Self {
        Partition::wallets(tenant).at(account)
    }

    pub(crate) fn block(tenant: TenantId, number: u64) -> Self {
        Partition::blocks(tenant).at(format_args!("{number:020}"))
    }

    pub(crate) fn closing(tenant: TenantId, account: AccountId, upto: EntryId) -> Self {
        Partition::closings(tenant, account).at(upto)
    }

    pub(crate) fn fee_settings(tenant: TenantId) -> Self {
        Partition::table(tenant, "SET").at("fees")
    }

    pub(crate) fn tenant(tenant: TenantId) -> Self {
        Partition::table(tenant, "TEN").at(tenant)
    }

    pub(crate) fn user(tenant: TenantId, id: UserId) -> Self {
        Partition::users(tenant).at(id)
    }

    pub(crate) fn session(tenant: TenantId, id: SessionId) -> Self {
        Partition::table(tenant, "SES").at(id)
    }

    pub(crate) fn limit(tenant: TenantId, class: RouteClass, subject: &str) -> Self {
        Partition::table(tenant, "LIM").at(format_args!("{}#{subject}", class.as_str()))
    }

    /// Found by the address before it is known whose it is.
    pub(crate) fn login(email_hash: &str, tenant: TenantId) -> Self {
        Partition::logins(email_hash).at(tenant)
    }

    /// Counted before it is known who tries.
    pub(crate) fn attempts(scope: &str) -> Self {
        Self { pk: format!("ATTEMPT#{scope}"), sk: "A".to_owned() }
    }

    pub(crate) fn into_attributes(self) -> Attributes {
        let Self { pk, sk } = self;
        Attributes::from([(PARTITION.to_owned(), AttributeValue::S(pk)), (SORT.to_owned(), AttributeValue::S(sk))])
    }
}

/// Items that are read together: a partition of the table or of one of its indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) index: Option<Index>,
    pub(crate) pk: String,
}

impl Partition {
    pub(crate) fn orders(tenant: TenantId) -> Self {
        Self::table(tenant, "ORD")
    }

    pub(crate) fn orders_with_status(tenant: TenantId, status: OrderStatus) -> Self {
        Self::index(Index::Status, tenant, format_args!("ORD#{}", status.as_str()))
    }

    pub(crate) fn orders_of_customer(tenant: TenantId, customer: &Email) -> Self {
        Self::index(Index::Customer, tenant, format_args!("ORD#CUS#{}", sha256_hex(customer.as_str())))
    }

    pub(crate) fn payments(tenant: TenantId) -> Self {
        Self::table(tenant, "PAY")
    }

    pub(crate) fn payments_with_status(tenant: TenantId, status: PaymentStatus) -> Self {
        Self::index(Index::Status, tenant, format_args!("PAY#{}", status.as_str()))
    }

    pub(crate) fn refunds(tenant: TenantId, payment: PaymentId) -> Self {
        Self::table(tenant, format_args!("REF#{payment}"))
    }

    pub(crate) fn disputes(tenant: TenantId) -> Self {
        Self::table(tenant, "DSP")
    }

    pub(crate) fn disputes_with_status(tenant: TenantId, status: DisputeStatus) -> Self {
        Self::index(Index::Status, tenant, format_args!("DSP#{}", status.as_str()))
    }

    pub(crate) fn events(tenant: TenantId) -> Self {
        Self::table(tenant, "EVT")
    }

    pub(crate) fn entries(tenant: TenantId, account: AccountId) -> Self {
        Self::table(tenant, format_args!("ENT#{account}"))
    }

    pub(crate) fn balances(tenant: TenantId) -> Self {
        Self::table(tenant, "BAL")
    }

    pub(crate) fn wallets(tenant: TenantId) -> Self {
        Self::table(tenant, "WAL")
    }

    pub(crate) fn transactions(tenant: TenantId) -> Self {
        Self::table(tenant, "TXN")
    }

    pub(crate) fn closings(tenant: TenantId, account: AccountId) -> Self {
        Self::table(tenant, format_args!("CLO#{account}"))
    }

    pub(crate) fn blocks(tenant: TenantId) -> Self {
        Self::table(tenant, "JRN")
    }

    pub(crate) fn users(tenant: TenantId) -> Self {
        Self::table(tenant, "USR")
    }

    pub(crate) fn logins(email_hash: &str) -> Self {
        Self { index: None, pk: format!("LOGIN#{email_hash}") }
    }

    /// One shard of what is due, across tenants.
    pub(crate) fn due(kind: DueKind, shard: u8) -> Self {
        Self { index: Some(Index::Due), pk: format!("DUE#{}#{shard:02}", kind.as_str()) }
    }

    fn table(tenant: TenantId, kind: impl Display) -> Self {
        Self { index: None, pk: format!("{tenant}#{kind}") }
    }

    fn index(index: Index, tenant: TenantId, kind: impl Display) -> Self {
        Self { index: Some(index), pk: format!("{tenant}#{kind}") }
    }

    fn at(self, sk: impl Display) -> Key {
        Key { pk: self.pk, sk: sk.to_string() }
    }
}

/// An item's place in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexKey {
    index: Index,
    pk: String,
    sk: String,
}

impl IndexKey {
    pub(crate) fn order_status(tenant: TenantId, status: OrderStatus, id: OrderId) -> Self {
        Self::new(Index::Status, Partition::orders_with_status(tenant, status), id)
    }

    pub(crate) fn order_customer(tenant: TenantId, customer: &Email, id: OrderId) -> Self {
        Self::new(Index::Customer, Partition::orders_of_customer(tenant, customer), id)
    }

    pub(crate) fn payment_status(tenant: TenantId, status: PaymentStatus, id: PaymentId) -> Self {
        Self::new(Index::Status, Partition::payments_with_status(tenant, status), id)
    }

    pub(crate) fn dispute_status(tenant: TenantId, status: DisputeStatus, id: DisputeId) -> Self {
        Self::new(Index::Status, Partition::disputes_with_status(tenant, status), id)
    }

    /// Present while something is awaited, so that the index holds nothing else.
    pub(crate) fn payment_due(payment: &Payment) -> Option<Self> {
        payment.check_at.map(|at| Self::due(DueKind::Payment, payment.id.as_u128(), at, payment.id))
    }

    pub(crate) fn refund_due(refund: &Refund) -> Option<Self> {
        refund.check_at.map(|at| Self::due(DueKind::Refund, refund.id.as_u128(), at, refund.id))
    }

    pub(crate) fn dispute_due(dispute: &Dispute) -> Option<Self> {
        dispute.check_at.map(|at| Self::due(DueKind::Dispute, dispute.id.as_u128(), at, dispute.id))
    }

    pub(crate) fn event_due(event: &Event, at: Timestamp) -> Self {
        Self::due(DueKind::Event, event.id.as_u128(), at, event.id)
    }

    /// Until it is in a block.
    pub(crate) fn transaction_due(transaction: &Transaction) -> Self {
        let at = transaction.posted_at().plus(LEFT_OUT_AFTER);
        Self::due(DueKind::Transaction, transaction.id().as_u128(), at, transaction.id())
    }

    /// The place of a tenant's first block: when its ledger is to be verified next.
    pub(crate) fn ledger_due(tenant: TenantId, at: Timestamp) -> Self {
        Self::due(DueKind::Ledger, tenant.as_u128(), at, tenant)
    }

    fn due(kind: DueKind, id_bits: u128, at: Timestamp, id: impl Display) -> Self {
        // The low bits of an id are random: the shards fill evenly.
        let shard = (id_bits % u128::from(DUE_SHARDS)) as u8;
        Self::new(Index::Due, Partition::due(kind, shard), format_args!("{}#{id}", due_moment(at)))
    }

    fn new(index: Index, Partition { index: _, pk }: Partition, sk: impl Display) -> Self {
        Self { index, pk, sk: sk.to_string() }
    }

    pub(crate) fn into_attributes(self) -> [(String, AttributeValue); 2] {
        let (pk, sk) = self.index.attributes();
        [(pk.to_owned(), AttributeValue::S(self.pk)), (sk.to_owned(), AttributeValue::S(self.sk))]
    }
}

/// A moment as text that sorts as time does.
pub(crate) fn due_moment(at: Timestamp) -> String {
    format!("{:020}", at.as_ms().max(0))
}

/// The sort keys of one account's balance rows.
pub(crate) fn balance_rows(account: AccountId) -> Bounds {
    Bounds { from: Some(format!("{account}#")), before: Some(after_balance_rows(account)) }
}

/// The first possible sort key after an account's balance rows: `$` follows `#`.
pub(crate) fn after_balance_rows(account: AccountId) -> String {
    format!("{account}$")
}

/// The partition key of an entry of the due index, read back. The index projects the table's keys.
pub(crate) fn parse_payment(pk: &str, sk: &str) -> Option<(TenantId, PaymentId)> {
    Some((pk.strip_suffix("#PAY")?.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_refund(pk: &str, sk: &str) -> Option<(TenantId, PaymentId, RefundId)> {
    let (tenant, payment) = pk.split_once("#REF#")?;
    Some((tenant.parse().ok()?, payment.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_dispute(pk: &str, sk: &str) -> Option<(TenantId, DisputeId)> {
    Some((pk.strip_suffix("#DSP")?.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_event(pk: &str, sk: &str) -> Option<(TenantId, EventId)> {
    Some((pk.strip_suffix("#EVT")?.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_ledger(pk: &str, _sk: &str) -> Option<TenantId> {
    pk.strip_suffix("#JRN")?.parse().ok()
}

/// The first possible sort key after a block's.
pub(crate) fn after_block(number: u64) -> String {
    format!("{:020}", number.saturating_add(1))
}

/// A sort key between a transaction's and the next: no source begins with another one.
pub(crate) fn after_transaction(source: Source) -> String {
    format!("{source}$")
}

/// An item's own key, for telling which one it is.
pub(crate) fn told(item: &Attributes) -> String {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
    format!("{} {}", text(PARTITION), text(SORT))
}

/// The source in a transaction's key.
pub(crate) fn source_of(item: &Attributes) -> Option<Source> {
    item.get(SORT)?.as_s().ok()?.parse().ok()
}

pub(crate) fn parse_transaction(pk: &str, sk: &str) -> Option<(TenantId, Source)> {
    Some((pk.strip_suffix("#TXN")?.parse().ok()?, sk.parse().ok()?))
}

#[path = "key_platform.rs"]
pub(crate) mod platform;

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
