//! What every use case is given: time, ids, and on whose behalf it runs.

use domain::event::{Event, EventType, Notice};
use domain::ids::{TenantId, TypedId};
use domain::ledger::TransactionIds;
use domain::time::Timestamp;
use ports::clock::Mint;

/// What made this happen, as events keep it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    pub trace: Option<String>,
}

impl Origin {
    /// Work that an event asks for belongs to what made the event, by its trace.
    pub fn of(notice: &Notice) -> Self {
        Self { request_id: Some(notice.event.to_string()), idempotency_key: None, trace: notice.trace.clone() }
    }
}

#[derive(Clone)]
pub struct Context<'a> {
    pub mint: Mint<'a>,
    pub origin: Origin,
}

impl Context<'_> {
    pub fn now(&self) -> Timestamp {
        self.mint.clock.now()
    }

    pub fn id<T: TypedId>(&self) -> T {
        self.mint.id()
    }

    pub fn transaction_ids(&self) -> TransactionIds {
        TransactionIds { transaction: self.id(), entries: [self.id(), self.id(), self.id()] }
    }

    /// An event of now, caused by what this context runs for. `object` is the subject's JSON after it happened.
    pub fn event(&self, tenant: TenantId, kind: EventType, subject: impl ToString, object: String) -> Event {
        let Origin { request_id, idempotency_key, trace } = self.origin.clone();
        let subject = subject.to_string();
        Event {
            id: self.id(),
            tenant,
            kind,
            subject,
            object,
            request_id,
            idempotency_key,
            trace,
            created_at: self.now(),
        }
    }
}
