//! What a commit came to, as a value that compares. A contended commit is tried again, as its doc comment allows.

use domain::event::Event;
use domain::idempotency::Record;
use domain::ids::TenantId;
use domain::ledger::Source;
use domain::order::OrderRefusal;
use domain::payment::PaymentRefusal;
use domain::time::Timestamp;
use domain::wallet::Overdrawn;
use ports::commerce::{Change, Commerce, Commit, CommitError};

const TRIES_MAX: u32 = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Claimed(Box<Record>),
    OrderMissing,
    OrderRefused(OrderRefusal),
    PaymentMissing,
    PaymentRefused(PaymentRefusal),
    AlreadyPosted(Source),
    Stale,
    WalletMissing,
    Overdrawn(Overdrawn),
}

pub(crate) async fn commit(commerce: &dyn Commerce, commit: Commit) -> Outcome {
    for _ in 0..TRIES_MAX {
        return match commerce.commit(commit.clone()).await {
            Ok(()) => Outcome::Done,
            Err(CommitError::Contended) => continue,
            Err(CommitError::Claimed(record)) => Outcome::Claimed(record),
            Err(CommitError::OrderMissing) => Outcome::OrderMissing,
            Err(CommitError::OrderRefused(refusal)) => Outcome::OrderRefused(refusal),
            Err(CommitError::PaymentMissing) => Outcome::PaymentMissing,
            Err(CommitError::PaymentRefused(refusal)) => Outcome::PaymentRefused(refusal),
            Err(CommitError::AlreadyPosted(source)) => Outcome::AlreadyPosted(source),
            Err(CommitError::Stale) => Outcome::Stale,
            Err(CommitError::WalletMissing) => Outcome::WalletMissing,
            Err(CommitError::Overdrawn(overdrawn)) => Outcome::Overdrawn(overdrawn),
            Err(CommitError::Port(error)) => panic!("the store failed under a contract test: {error:?}"),
        };
    }
    panic!("a commit was still contended after {TRIES_MAX} tries")
}

/// A commit of changes alone.
pub(crate) fn changes(tenant: TenantId, changes: impl IntoIterator<Item = Change>, now: Timestamp) -> Commit {
    Commit { tenant, record: None, changes: changes.into_iter().collect(), events: Vec::new(), now }
}

/// Writes what must not be refused.
pub(crate) async fn write(commerce: &dyn Commerce, commit: Commit) {
    assert_eq!(self::commit(commerce, commit).await, Outcome::Done, "a commit whose every condition holds was refused");
}

pub(crate) async fn write_changes(
    commerce: &dyn Commerce,
    tenant: TenantId,
    list: impl IntoIterator<Item = Change>,
    now: Timestamp,
) {
    write(commerce, changes(tenant, list, now)).await;
}

pub(crate) async fn write_events(commerce: &dyn Commerce, tenant: TenantId, events: Vec<Event>, now: Timestamp) {
    write(commerce, Commit { tenant, record: None, changes: Vec::new(), events, now }).await;
}
