//! A table's change stream, as consumers see it: what an item was and what it is. Delivered at least once; items of one
//! transaction in any order.

use domain::dispute::Dispute;
use domain::event::Event;
use domain::identity::{Session, Tenant, User};
use domain::ledger::Transaction;
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    Order(Order),
    Payment(Payment),
    Refund(Refund),
    Dispute(Dispute),
    Event(Event),
    Tenant(Tenant),
    User(User),
    Session(Session),
    /// Its mark of a block is not shown: consumers look at new ones alone.
    Transaction(Transaction),
    /// Items that no consumer looks at: other ledger rows, idempotency records, logins, counters.
    Other,
}

/// An insert has no `old`, a removal no `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamChange {
    pub old: Option<Image>,
    pub new: Option<Image>,
}
