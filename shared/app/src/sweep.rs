//! The sweeper: once a minute, whatever is stuck or unknown is asked after, and events that no queue has seen are published.

use domain::ids::{EventId, PaymentId, RefundId, TenantId};
use ports::PortError;
use ports::commerce::{Due, Events};
use ports::queues::Queues;

use crate::settle_payment;
use crate::settle_refund::{self, RefundKey};
use crate::work::WorkError;
use crate::{Context, outbox};

/// How many items of each kind one run takes on; what is left is due in the next.
const PER_RUN: usize = 100;

#[derive(Clone, Copy)]
pub struct Sweeping<'a> {
    pub due: &'a dyn Due,
    pub events: &'a dyn Events,
    pub queues: &'a dyn Queues,
    pub payments: settle_payment::Settling<'a>,
    pub refunds: settle_refund::Settling<'a>,
}

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    pub done: usize,
    pub failed: usize,
}

/// One item that fails does not hold the others: it stays due.
pub async fn run(context: &Context<'_>, on: Sweeping<'_>) -> Result<Swept, PortError> {
    let mut swept = Swept::default();
    for due in on.due.events(context.now(), PER_RUN).await? {
        swept.count(publish_again(on, due).await, "event");
    }
    for (tenant, id) in on.due.payments(context.now(), PER_RUN).await? {
        swept.count(payment(context, on, tenant, id).await, "payment");
    }
    for (tenant, payment, refund) in on.due.refunds(context.now(), PER_RUN).await? {
        swept.count(self::refund(context, on, tenant, payment, refund).await, "refund");
    }
    Ok(swept)
}

async fn payment(context: &Context<'_>, on: Sweeping<'_>, tenant: TenantId, id: PaymentId) -> Result<(), WorkError> {
    settle_payment::inquire(context, on.payments, tenant, id).await
}

async fn refund(
    context: &Context<'_>,
    on: Sweeping<'_>,
    tenant: TenantId,
    payment: PaymentId,
    refund: RefundId,
) -> Result<(), WorkError> {
    settle_refund::process(context, on.refunds, RefundKey { tenant, payment, refund }).await
}

async fn publish_again(on: Sweeping<'_>, (tenant, id): (TenantId, EventId)) -> Result<(), WorkError> {
    let Some(event) = on.events.get(tenant, id).await? else { return Ok(()) };
    Ok(outbox::publish(on.queues, on.events, &[event]).await?)
}

impl Swept {
    fn count(&mut self, result: Result<(), WorkError>, noun: &'static str) {
        match result {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                tracing::warn!(error = %error, noun, "left for the next sweep");
            }
        }
    }
}
