//! Something that happened, as it is kept for 30 days, published to queues and told to webhooks and sockets.

use std::time::Duration;

use crate::access::Action;
use crate::ids::{EventId, TenantId};
use crate::time::Timestamp;

pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long after the commit an event that no queue has seen is published by the sweeper.
pub const PUBLISH_AGAIN_AFTER: Duration = Duration::from_secs(60);

macro_rules! is_public {
    (public) => {
        true
    };
    (internal) => {
        false
    };
}

/// Each with its name, whether tenants' own systems may be told (the others are between Coffer's functions), and what its
/// reader must be allowed besides reading events.
macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $reach:ident, $action:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(#[$doc])* $variant,)*
        }

        impl EventType {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub fn is_public(self) -> bool {
                match self {
                    $(Self::$variant => is_public!($reach),)*
                }
            }

            /// Whoever may not read a thing is not shown it by its events.
            pub fn least_action(self) -> Action {
                match self {
                    $(Self::$variant => Action::$action,)*
                }
            }
        }
    };
}

event_types! {
    OrderCreated = "order.created", public, EventRead;
    OrderPaid = "order.paid", public, EventRead;
    OrderFulfilled = "order.fulfilled", public, EventRead;
    OrderCancelled = "order.cancelled", public, EventRead;
    OrderRefunded = "order.refunded", public, EventRead;
    PaymentCreated = "payment.created", public, EventRead;
    PaymentRequiresAction = "payment.requires_action", public, EventRead;
    PaymentRequiresCapture = "payment.requires_capture", public, EventRead;
    PaymentCaptureRequested = "payment.capture_requested", public, EventRead;
    PaymentCancelRequested = "payment.cancel_requested", public, EventRead;
    PaymentCancelled = "payment.cancelled", public, EventRead;
    PaymentSucceeded = "payment.succeeded", public, EventRead;
    PaymentFailed = "payment.failed", public, EventRead;
    RefundCreated = "refund.created", public, EventRead;
    RefundSucceeded = "refund.succeeded", public, EventRead;
    RefundFailed = "refund.failed", public, EventRead;
    WalletCreated = "wallet.created", public, EventRead;
    DisputeCreated = "dispute.created", public, EventRead;
    DisputeAnswered = "dispute.answered", public, EventRead;
    DisputeUpdated = "dispute.updated", public, EventRead;
    DisputeWon = "dispute.won", public, EventRead;
    DisputeLost = "dispute.lost", public, EventRead;
    ProviderConnected = "provider.connected", public, ProviderRead;
    ProviderDisconnected = "provider.disconnected", public, ProviderRead;
    /// The provider takes the tenant's key no more.
    ProviderKeyRefused = "provider.key_refused", public, ProviderRead;
    ProviderEventReceived = "provider.event_received", internal, ProviderRead;
    StatementCreated = "statement.created", public, EventRead;
    StatementSucceeded = "statement.succeeded", public, EventRead;
    StatementFailed = "statement.failed", public, EventRead;
    FileCreated = "file.created", public, EventRead;
    FileReady = "file.ready", public, EventRead;
    FileRejected = "file.rejected", public, EventRead;
    FileDeleted = "file.deleted", public, EventRead;
    FileAttached = "file.attached", public, EventRead;
    FileDetached = "file.detached", public, EventRead;
    JobCreated = "job.created", public, EventRead;
    JobResumed = "job.resumed", internal, EventRead;
    JobRetried = "job.retried", public, EventRead;
    JobCancelRequested = "job.cancel_requested", public, EventRead;
    JobSucceeded = "job.succeeded", public, EventRead;
    JobFailed = "job.failed", public, EventRead;
    JobCancelled = "job.cancelled", public, EventRead;
    /// None of the tenant's jobs begins.
    JobsPaused = "jobs.paused", public, EventRead;
    JobsUnpaused = "jobs.unpaused", public, EventRead;
    ScheduleCreated = "schedule.created", public, EventRead;
    ScheduleUpdated = "schedule.updated", public, EventRead;
    ScheduleDeleted = "schedule.deleted", public, EventRead;
    /// Nobody is told at this endpoint any more, and the tenant has not asked for that.
    WebhookEndpointDisabled = "webhook_endpoint.disabled", public, EventRead;
    /// Sent to one endpoint, whatever types it wants.
    WebhookEndpointTest = "webhook_endpoint.test", internal, EventRead;
    WebhookReplayRequested = "webhook_endpoint.replay_requested", internal, EventRead;
    /// Somebody has sent it back to its queue. No worker acts on it: it is there to be read.
    DeadLetterRedriven = "dead_letter.redriven", internal, DeadLetterRead;
    /// The time of a delivery's next attempt has come. Travels in the queue alone: no row of the event log.
    WebhookDeliveryDue = "webhook_delivery.due", internal, EventRead;
    /// There is something to push to one socket. Travels in the queue alone.
    RealtimeSocketWanting = "realtime_socket.wanting", internal, EventRead;
    /// It is time to look whether a socket still may be open. Travels in the queue alone.
    RealtimeSocketDue = "realtime_socket.due", internal, EventRead;
}

impl EventType {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// The queues whose workers act on it. Nothing else decides what is sent where.
    pub fn queues(self) -> &'static [Queue] {
        match self {
            Self::PaymentCreated | Self::PaymentCaptureRequested | Self::PaymentCancelRequested => {
                &[Queue::Payments, Queue::Webhooks, Queue::Realtime]
            }
            Self::RefundCreated => &[Queue::Refunds, Queue::Webhooks, Queue::Realtime],
            Self::DisputeAnswered => &[Queue::Providers, Queue::Webhooks, Queue::Realtime],
            Self::ProviderEventReceived => &[Queue::Providers],
            Self::StatementCreated => &[Queue::Statements, Queue::Webhooks, Queue::Realtime],
            Self::PaymentSucceeded | Self::RefundSucceeded => {
                &[Queue::Receipts, Queue::Notifications, Queue::Webhooks, Queue::Realtime]
            }
            Self::PaymentFailed | Self::DisputeCreated | Self::ProviderKeyRefused | Self::WebhookEndpointDisabled => {
                &[Queue::Notifications, Queue::Webhooks, Queue::Realtime]
            }
            Self::FileDeleted => &[Queue::Files, Queue::Webhooks, Queue::Realtime],
            Self::JobCreated | Self::JobRetried => &[Queue::Jobs, Queue::Webhooks, Queue::Realtime],
            Self::JobResumed => &[Queue::Jobs],
            Self::OrderCreated
            | Self::OrderPaid
            | Self::OrderFulfilled
            | Self::OrderCancelled
            | Self::OrderRefunded
            | Self::PaymentRequiresAction
            | Self::PaymentRequiresCapture
            | Self::PaymentCancelled
            | Self::RefundFailed
            | Self::WalletCreated
            | Self::DisputeUpdated
            | Self::DisputeWon
            | Self::DisputeLost
            | Self::ProviderConnected
            | Self::ProviderDisconnected
            | Self::StatementSucceeded
            | Self::StatementFailed
            | Self::FileCreated
            | Self::FileReady
            | Self::FileRejected
            | Self::FileAttached
            | Self::FileDetached
            | Self::JobCancelRequested
            | Self::JobSucceeded
            | Self::JobFailed
            | Self::JobCancelled
            | Self::JobsPaused
            | Self::JobsUnpaused
            | Self::ScheduleCreated
            | Self::ScheduleUpdated
            | Self::ScheduleDeleted => &[Queue::Webhooks, Queue::Realtime],
            Self::WebhookEndpointTest | Self::WebhookReplayRequested => &[Queue::Webhooks],
            Self::WebhookDeliveryDue
            | Self::DeadLetterRedriven
            | Self::RealtimeSocketWanting
            | Self::RealtimeSocketDue => &[],
        }
    }
}

/// A queue of work, each with a worker and a dead-letter queue of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    Payments,
    Refunds,
    /// What providers told of their own accord, and what they are to be told of disputes.
    Providers,
    /// Statements of providers to be matched.
    Statements,
    /// Uploads that have come, which the bucket tells of itself, and files whose bytes are to go.
    Files,
    /// Long work that tenants have asked for.
    Jobs,
    /// Documents of payments.
    Receipts,
    /// What people are told by mail, and what SES tells of mails that came back.
    Notifications,
    /// What tenants' own systems are to be told.
    Webhooks,
    /// What those who listen on sockets are told.
    Realtime,
}

impl Queue {
    pub const ALL: [Self; 10] = [
        Self::Payments,
        Self::Refunds,
        Self::Providers,
        Self::Statements,
        Self::Files,
        Self::Jobs,
        Self::Receipts,
        Self::Notifications,
        Self::Webhooks,
        Self::Realtime,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Providers => "providers",
            Self::Statements => "statements",
            Self::Receipts => "receipts",
            Self::Notifications => "notifications",
            Self::Files => "files",
            Self::Jobs => "jobs",
            Self::Webhooks => "webhooks",
            Self::Realtime => "realtime",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub tenant: TenantId,
    pub kind: EventType,
    /// The id of what it happened to.
    pub subject: String,
    /// The object as the API shows it right after what happened: a JSON text.
    pub object: String,
    /// The request or worker invocation that made it happen.
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    /// The trace it belongs to, as `X-Amzn-Trace-Id` writes it.
    pub trace: Option<String>,
    pub created_at: Timestamp,
}

impl Event {
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.plus(KEPT_FOR)
    }
}

/// What a queue carries: enough to find the subject, never the data itself, which may have moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub event: EventId,
    pub tenant: TenantId,
    pub kind: EventType,
    pub subject: String,
    pub trace: Option<String>,
}

impl From<&Event> for Notice {
    fn from(event: &Event) -> Self {
        let Event { id, tenant, kind, subject, trace, .. } = event;
        Self { event: *id, tenant: *tenant, kind: *kind, subject: subject.clone(), trace: trace.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for kind in EventType::ALL {
            assert_eq!(EventType::parse(kind.as_str()), Some(*kind));
        }
    }

    #[test]
    fn what_is_for_administrators_is_so_in_its_events() {
        for kind in EventType::ALL {
            let noun = kind.as_str().split('.').next().unwrap_or_default().trim_end_matches('s');
            let scope = |action: &&Action| action.scope().trim_end_matches(":read").trim_end_matches('s') == noun;
            let reading = Action::ALL.iter().filter(|action| action.scope().ends_with(":read"));
            let needed = reading.filter(scope).map(|action| action.least_role()).max();
            let least = kind.least_action().least_role();
            assert!(needed.is_none_or(|needed| least >= needed), "{kind:?} shows a viewer more than its noun's routes");
        }
    }

    #[test]
    fn what_is_public_is_sent_to_webhooks_and_sockets() {
        for kind in EventType::ALL {
            assert!(!kind.is_public() || kind.queues().contains(&Queue::Webhooks), "{kind:?}");
            assert_eq!(kind.queues().contains(&Queue::Realtime), kind.is_public(), "{kind:?}");
        }
    }

    #[test]
    fn every_queue_is_fed_by_some_event() {
        for queue in Queue::ALL {
            assert!(EventType::ALL.iter().any(|kind| kind.queues().contains(&queue)), "no event feeds {queue:?}");
        }
    }
}
