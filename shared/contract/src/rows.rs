//! One row of each kind that a commit writes, and how a test reads them back.

use domain::event::Event;
use domain::idempotency::Record;
use domain::ids::{OrderId, PaymentId, TenantId};
use domain::ledger::{AccountId, AccountKind, Balance, Posting, Transaction};
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::time::Timestamp;
use ports::clock::Mint;
use ports::commerce::{Change, Commit, Consistency};

use crate::CommerceTable;
use crate::builders::{captured_payment, charge, currency, event, order, record, refund};

/// One new row of each kind, with a record and two events.
pub(crate) struct Rows {
    pub(crate) record: Record,
    pub(crate) order: Order,
    pub(crate) payment: Payment,
    pub(crate) refund: Refund,
    pub(crate) posting: Posting,
    pub(crate) events: [Event; 2],
}

/// What of [`Rows`] a reader finds.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) order: Option<Order>,
    pub(crate) payment: Option<Payment>,
    pub(crate) refund: Option<Refund>,
    pub(crate) transaction: Option<Transaction>,
    pub(crate) merchant: Option<Balance>,
    pub(crate) events: [Option<Event>; 2],
}

impl Rows {
    pub(crate) fn new(tenant: TenantId, mint: Mint<'_>) -> Self {
        let payment = captured_payment(tenant, mint);
        Self {
            record: record(mint),
            order: order(tenant, mint),
            refund: refund(&payment, mint),
            posting: charge(&payment, mint),
            payment,
            events: [event(tenant, mint), event(tenant, mint)],
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![
            Change::CreateOrder(self.order.clone()),
            Change::CreatePayment(self.payment.clone()),
            Change::CreateRefund(self.refund.clone()),
            Change::Post(self.posting.clone()),
        ]
    }

    pub(crate) fn commit(&self, now: Timestamp) -> Commit {
        Commit {
            tenant: self.order.tenant,
            record: Some(self.record.clone()),
            changes: self.changes(),
            events: self.events.to_vec(),
            now,
        }
    }

    pub(crate) async fn find(&self, table: CommerceTable<'_>) -> Found {
        let tenant = self.order.tenant;
        let source = self.transaction().source();
        let [first, second] = &self.events;
        Found {
            order: stored_order(table, tenant, self.order.id).await,
            payment: stored_payment(table, tenant, self.payment.id).await,
            refund: stored_refund(table, &self.refund).await,
            transaction: table.accounts.transaction(tenant, source).await.expect("a transaction is read"),
            merchant: table.accounts.balance(tenant, merchant_account()).await.expect("a balance is read"),
            events: [
                table.events.get(tenant, first.id).await.expect("an event is read"),
                table.events.get(tenant, second.id).await.expect("an event is read"),
            ],
        }
    }

    pub(crate) fn transaction(&self) -> &Transaction {
        self.posting.transaction.as_ref().expect("a charge posts a transaction")
    }
}

pub(crate) fn merchant_account() -> AccountId {
    AccountId { kind: AccountKind::Merchant, currency: currency("EUR") }
}

pub(crate) async fn stored_order(table: CommerceTable<'_>, tenant: TenantId, id: OrderId) -> Option<Order> {
    table.orders.get(tenant, id, Consistency::Strong).await.expect("an order is read")
}

pub(crate) async fn stored_payment(table: CommerceTable<'_>, tenant: TenantId, id: PaymentId) -> Option<Payment> {
    table.payments.get(tenant, id, Consistency::Strong).await.expect("a payment is read")
}

pub(crate) async fn stored_refund(table: CommerceTable<'_>, refund: &Refund) -> Option<Refund> {
    let Refund { id, tenant, payment, .. } = refund;
    table.refunds.get(*tenant, *payment, *id, Consistency::Strong).await.expect("a refund is read")
}
