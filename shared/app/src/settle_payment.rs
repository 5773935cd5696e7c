//! Settling a payment: ask the provider, then write its verdict, the order's share, the ledger and the events in one
//! transaction. Every step may run twice, late or beside another worker.

use domain::event::EventType;
use domain::ids::{PaymentId, TenantId};
use domain::ledger;
use domain::order::{Order, OrderStatus};
use domain::payment::{DeclineCode, Payment, PaymentStatus, Verdict};
use ports::commerce::{Change, Commerce, Commit, Consistency, Orders, Payments};
use ports::provider::{Charge, PaymentProvider, ProviderError};

use crate::Context;
use crate::work::{Settled, WorkError, settled};

/// How often the final transaction is tried before the message goes back to its queue.
const TRIES: usize = 8;

#[derive(Clone, Copy)]
pub struct Settling<'a> {
    pub commerce: &'a dyn Commerce,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
    pub provider: &'a dyn PaymentProvider,
}

/// One message of the payments queue: charges, unless the payment is beyond that.
pub async fn process(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<(), WorkError> {
    let payment = read(on, tenant, id).await?;
    if payment.status != PaymentStatus::Processing {
        return Ok(());
    }
    charge(context, on, payment).await
}

/// One payment that is due: asks the provider what became of it before anything is charged.
pub async fn inquire(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<(), WorkError> {
    let payment = read(on, tenant, id).await?;
    if !payment.status.awaits_provider() {
        return Ok(());
    }
    let key = payment.provider_key();
    if payment.action_expired(context.now()) {
        let verdict = on.provider.cancel_charge(&key).await?;
        return conclude(context, on, payment, &given_up(verdict)).await;
    }
    match on.provider.find_charge(&key).await? {
        Some(verdict) => conclude(context, on, payment, &verdict).await,
        None => charge(context, on, payment).await,
    }
}

/// A charge that was given up failed for want of its customer, whatever the provider calls it.
fn given_up(verdict: Verdict) -> Verdict {
    match verdict {
        succeeded @ Verdict::Succeeded { .. } => succeeded,
        Verdict::RequiresAction { .. } | Verdict::Declined { .. } => {
            Verdict::Declined { code: DeclineCode::AuthenticationExpired }
        }
    }
}

async fn read(on: Settling<'_>, tenant: TenantId, id: PaymentId) -> Result<Payment, WorkError> {
    let payment = on.payments.get(tenant, id, Consistency::Strong).await?;
    payment.ok_or_else(|| WorkError::Poison(format!("there is no payment {id}")))
}

async fn charge(context: &Context<'_>, on: Settling<'_>, payment: Payment) -> Result<(), WorkError> {
    let domain::payment::Method::Card { token } = payment.method.clone();
    let request = Charge { key: payment.provider_key(), money: payment.money, token };
    match on.provider.charge(&request).await {
        Ok(verdict) => conclude(context, on, payment, &verdict).await,
        Err(ProviderError::TimedOut) => remember_unknown(context, on, payment).await,
        Err(error @ (ProviderError::Unavailable(_) | ProviderError::Rejected(_))) => Err(error.into()),
    }
}

/// The provider may have charged: the payment is handed to the sweeper, which asks.
async fn remember_unknown(context: &Context<'_>, on: Settling<'_>, payment: Payment) -> Result<(), WorkError> {
    let now = context.now();
    let tenant = payment.tenant;
    let changes = vec![Change::UpdatePayment(payment.outcome_unknown(now)?)];
    match settled(on.commerce.commit(Commit { tenant, record: None, changes, events: Vec::new(), now }).await)? {
        Settled::Done => Ok(()),
        Settled::ReadAgain => Err(WorkError::contended()),
    }
}

async fn conclude(
    context: &Context<'_>,
    on: Settling<'_>,
    mut payment: Payment,
    verdict: &Verdict,
) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let order = match payment.order {
            Some(id) => on.orders.get(payment.tenant, id, Consistency::Strong).await?,
            None => None,
        };
        let commit = conclusion(context, &payment, order.as_ref(), verdict)?;
        match settled(on.commerce.commit(commit).await)? {
            Settled::Done => return Ok(()),
            Settled::ReadAgain => payment = read(on, payment.tenant, payment.id).await?,
        }
        if !payment.status.awaits_provider() {
            return Ok(());
        }
    }
    Err(WorkError::contended())
}

/// What a verdict changes, as one commit.
fn conclusion(
    context: &Context<'_>,
    payment: &Payment,
    order: Option<&Order>,
    verdict: &Verdict,
) -> Result<Commit, WorkError> {
    let now = context.now();
    let tenant = payment.tenant;
    let next = payment.conclude(verdict, now)?;
    let mut changes = Vec::new();
    let mut events = Vec::new();
    if next.status != payment.status {
        events.push(context.event(tenant, event_of(verdict), next.id, api::payment(&next)));
    }
    let order_next = order.and_then(|order| match verdict {
        Verdict::Succeeded { .. } => Some(order.settle(payment.money.amount, now)),
        Verdict::Declined { .. } => Some(order.release(payment.money.amount, now)),
        Verdict::RequiresAction { .. } => None,
    });
    if let Some(order_next) = order_next {
        let became_paid =
            order_next.status == OrderStatus::Paid && order.is_some_and(|order| order.status != OrderStatus::Paid);
        if became_paid {
            events.push(context.event(tenant, EventType::OrderPaid, order_next.id, api::order(&order_next)));
        }
        changes.push(Change::UpdateOrder(order_next));
    }
    if let Verdict::Succeeded { .. } = verdict {
        changes.push(Change::Post(ledger::post_charge(&next, context.transaction_ids(), now)));
    }
    changes.push(Change::UpdatePayment(next));
    Ok(Commit { tenant, record: None, changes, events, now })
}

fn event_of(verdict: &Verdict) -> EventType {
    match verdict {
        Verdict::Succeeded { .. } => EventType::PaymentSucceeded,
        Verdict::RequiresAction { .. } => EventType::PaymentRequiresAction,
        Verdict::Declined { .. } => EventType::PaymentFailed,
    }
}
