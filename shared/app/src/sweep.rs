//! The sweeper: once a minute, whatever is stuck or unknown is asked after, and events that no queue has seen are published.

use domain::ids::{EventId, TenantId};
use futures_util::{StreamExt, stream};
use ports::PortError;
use ports::commerce::{Disputes, Due, Events};
use ports::queues::Queues;

use crate::match_statement::{self, Matching};
use crate::settle_dispute;
use crate::settle_payment;
use crate::settle_refund::{self, RefundKey};
use crate::turns::{READ, first_by_turn};
use crate::work::WorkError;
use crate::{Context, outbox};

/// How many items of each kind one run takes on; what is left is due in the next.
const PER_RUN: usize = 100;
/// How many of them are under way together: with a provider time-out of 3 s, all of them end within a run.
const AT_ONCE: usize = 20;
/// A statement is as much work as hundreds of them, and has a worker of its own: these are what that has left.
const STATEMENTS_PER_RUN: usize = 3;

#[derive(Clone, Copy)]
pub struct Sweeping<'a> {
    pub due: &'a dyn Due,
    pub events: &'a dyn Events,
    pub queues: &'a dyn Queues,
    pub payments: settle_payment::Settling<'a>,
    pub refunds: settle_refund::Settling<'a>,
    pub disputes: &'a dyn Disputes,
    pub statements: Matching<'a>,
}

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    pub done: usize,
    pub failed: usize,
}

/// One item that fails does not hold the others: it is due again later.
pub async fn run(context: &Context<'_>, on: Sweeping<'_>) -> Result<Swept, PortError> {
    let mut swept = Swept::default();
    let events = first_by_turn(on.due.events(context.now(), READ).await?, PER_RUN, |(tenant, _)| *tenant);
    swept.count(events.map(|due| publish_again(on, due)), "event").await;
    let payments = first_by_turn(on.due.payments(context.now(), READ).await?, PER_RUN, |(tenant, _)| *tenant);
    let asking = async |(tenant, id)| {
        let asked = settle_payment::inquire(context, on.payments, tenant, id).await;
        in_vain(context, on, tenant, asked, settle_payment::put_off(context, on.payments, tenant, id)).await
    };
    swept.count(payments.map(asking), "payment").await;
    let refunds = first_by_turn(on.due.refunds(context.now(), READ).await?, PER_RUN, |(tenant, _, _)| *tenant);
    let keys = refunds.map(|(tenant, payment, refund)| RefundKey { tenant, payment, refund });
    let asking = async |key| {
        let asked = settle_refund::settle(context, on.refunds, key).await;
        in_vain(context, on, key.tenant, asked, settle_refund::put_off(context, on.refunds, key)).await
    };
    swept.count(keys.map(asking), "refund").await;
    let disputes = first_by_turn(on.due.disputes(context.now(), READ).await?, PER_RUN, |(tenant, _)| *tenant);
    let settling = settle_dispute::Settling { payments: on.payments, disputes: on.disputes };
    let asking = async |(tenant, id)| {
        let asked = settle_dispute::look(context, settling, tenant, id).await;
        in_vain(context, on, tenant, asked, settle_dispute::put_off(context, settling, tenant, id)).await
    };
    swept.count(disputes.map(asking), "dispute").await;
    let statements = on.statements.statements.due(context.now(), STATEMENTS_PER_RUN).await?.into_iter();
    let matching = |(tenant, id)| match_statement::process(context, on.statements, tenant, id);
    swept.count(statements.map(matching), "statement").await;
    Ok(swept)
}

/// What fails is put off, so that those that keep failing hold up nobody else's. That this fails too is no matter: it is due
/// as it was. What waits for its merchant is put off as well, and is no failure.
async fn in_vain(
    context: &Context<'_>,
    on: Sweeping<'_>,
    tenant: TenantId,
    asked: Result<(), WorkError>,
    put_off: impl Future<Output = Result<(), WorkError>>,
) -> Result<(), WorkError> {
    if asked.is_err()
        && let Err(error) = put_off.await
    {
        tracing::warn!(error = %error, "not put off");
    }
    on.payments.providers.wait(context, on.payments.commerce, tenant, asked).await
}

async fn publish_again(on: Sweeping<'_>, (tenant, id): (TenantId, EventId)) -> Result<(), WorkError> {
    let Some(event) = on.events.get(tenant, id).await? else { return Ok(()) };
    Ok(outbox::publish(on.queues, on.events, &[event]).await?)
}

impl Swept {
    /// Items are worked on side by side, so that providers that hang do not hold up those that answer.
    pub(crate) async fn count<F>(&mut self, items: impl Iterator<Item = F>, noun: &'static str)
    where
        F: Future<Output = Result<(), WorkError>>,
    {
        let mut results = stream::iter(items).buffer_unordered(AT_ONCE);
        while let Some(result) = results.next().await {
            self.end(result, noun);
        }
    }

    pub(crate) fn end(&mut self, result: Result<(), WorkError>, noun: &'static str) {
        match result {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                tracing::warn!(error = %error, noun, "left for the next sweep");
            }
        }
    }

    pub(crate) fn add(&mut self, Self { done, failed }: Self) {
        self.done += done;
        self.failed += failed;
    }
}
