//! Transactions that are taken apart or put in another order, and what becomes of an answer that never came.

use std::sync::Arc;

use async_trait::async_trait;
use coffer_simulation::Wiring;
use domain::event::{Event, Notice};
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::commerce::{Change, Commerce, Commit, CommitError};
use ports::queues::Queues;
use ports::{PortError, PortErrorKind};

use super::Mutation;

/// How a commit is made, and whether records are found.
struct Apart {
    next: Arc<dyn Commerce>,
    queues: Arc<dyn Queues>,
    way: Way,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    LedgerAfter,
    EventsAfter,
    RecordBefore,
    MessageBefore,
    /// Made again without its key.
    KeylessRetry,
    /// No answer is taken for a good one.
    TimeOutIsSuccess,
    NoRecordIsFound,
}

#[async_trait]
impl Commerce for Apart {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let Commit { tenant, record, changes, events, now } = commit.clone();
        let nothing = Commit { tenant, record: None, changes: Vec::new(), events: Vec::new(), now };
        match self.way {
            Way::LedgerAfter => {
                let (ledger, rest): (Vec<_>, Vec<_>) =
                    changes.into_iter().partition(|change| matches!(change, Change::Post(_)));
                self.next.commit(Commit { changes: rest, ..commit }).await?;
                self.next.commit(Commit { changes: ledger, ..nothing }).await
            }
            Way::EventsAfter => {
                self.next.commit(Commit { events: Vec::new(), ..commit }).await?;
                self.next.commit(Commit { events, ..nothing }).await
            }
            Way::RecordBefore => {
                self.next.commit(Commit { record, ..nothing }).await?;
                self.next.commit(Commit { record: None, ..commit }).await
            }
            Way::MessageBefore => {
                self.send(&events).await?;
                self.next.commit(commit).await
            }
            Way::KeylessRetry => match self.next.commit(commit.clone()).await {
                Err(CommitError::Port(error)) if error.kind == PortErrorKind::TimedOut => {
                    self.next.commit(Commit { record: None, ..commit }).await
                }
                result => result,
            },
            Way::TimeOutIsSuccess => match self.next.commit(commit).await {
                Err(CommitError::Port(error)) if error.kind == PortErrorKind::TimedOut => Ok(()),
                result => result,
            },
            Way::NoRecordIsFound => self.next.commit(commit).await,
        }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        if self.way == Way::NoRecordIsFound { Ok(None) } else { self.next.find_record(tenant, claim, now).await }
    }
}

impl Apart {
    async fn send(&self, events: &[Event]) -> Result<(), PortError> {
        for event in events {
            for queue in event.kind.queues() {
                self.queues.send(*queue, &[Notice::from(event)]).await?;
            }
        }
        Ok(())
    }
}

fn apart(wiring: Wiring, way: Way) -> Wiring {
    let (next, queues) = (wiring.commerce.clone(), wiring.queues.clone());
    Wiring { commerce: Arc::new(Apart { next, queues, way }), ..wiring }
}

pub const ALL: &[Mutation] = &[
    Mutation {
        name: "the ledger is written in a transaction of its own",
        rewire: |wiring| apart(wiring, Way::LedgerAfter),
    },
    Mutation {
        name: "events are written in a transaction of their own",
        rewire: |wiring| apart(wiring, Way::EventsAfter),
    },
    Mutation {
        name: "the key is claimed before there is an effect",
        rewire: |wiring| apart(wiring, Way::RecordBefore),
    },
    Mutation { name: "the message is sent before the commit", rewire: |wiring| apart(wiring, Way::MessageBefore) },
    Mutation {
        name: "a commit without an answer is made again without its key",
        rewire: |wiring| apart(wiring, Way::KeylessRetry),
    },
    Mutation {
        name: "a commit without an answer is taken for made",
        rewire: |wiring| apart(wiring, Way::TimeOutIsSuccess),
    },
    Mutation {
        name: "a refused request does not look for its own first try",
        rewire: |wiring| apart(wiring, Way::NoRecordIsFound),
    },
];
