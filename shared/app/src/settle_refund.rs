//! Settling a refund: ask the provider to send the money back, then write refund, payment, order, ledger and events in one
//! transaction. Every step may run twice, late or beside another worker.

use domain::event::{EventType, Notice};
use domain::ids::{PaymentId, RefundId, TenantId};
use domain::ledger::{self, Source};
use domain::order::{Order, OrderStatus};
use domain::payment::{Method, Payment};
use domain::refund::{Refund, RefundStatus, RefundVerdict};
use ports::commerce::{Change, Commerce, Commit, Consistency, Orders, Payments, Refunds};
use ports::provider::RefundCharge;

use crate::Context;
use crate::providers::Directory;
use crate::work::{Settled, WorkError, settled};

const TRIES: usize = 8;

#[derive(Clone, Copy)]
pub struct Settling<'a> {
    pub commerce: &'a dyn Commerce,
    pub payments: &'a dyn Payments,
    pub refunds: &'a dyn Refunds,
    pub orders: &'a dyn Orders,
    pub providers: Directory<'a>,
}

/// Which refund: it is found below its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundKey {
    pub tenant: TenantId,
    pub payment: PaymentId,
    pub refund: RefundId,
}

impl RefundKey {
    /// An event about a refund has `<payment>/<refund>` as its subject.
    pub fn of(notice: &Notice) -> Option<Self> {
        let (payment, refund) = notice.subject.split_once('/')?;
        Some(Self { tenant: notice.tenant, payment: payment.parse().ok()?, refund: refund.parse().ok()? })
    }

    pub fn subject(&self) -> String {
        format!("{}/{}", self.payment, self.refund)
    }
}

/// One message of the refunds queue.
pub async fn process(context: &Context<'_>, on: Settling<'_>, key: RefundKey) -> Result<(), WorkError> {
    let settled = settle(context, on, key).await;
    on.providers.wait(context, on.commerce, key.tenant, settled).await
}

/// One refund, of which there is a message or that is due. A provider that is asked twice under one key refunds once,
/// so a lost answer needs no state of its own: the next try hears it. What came from a wallet goes back by the ledger alone.
pub async fn settle(context: &Context<'_>, on: Settling<'_>, key: RefundKey) -> Result<(), WorkError> {
    let refund = read(on, key).await?;
    if refund.status != RefundStatus::Processing {
        return Ok(());
    }
    let payment = read_payment(on, key).await?;
    if let Method::Wallet { .. } = payment.method {
        let reference = Source::Refund(refund.id).to_string();
        return conclude(context, on, key, &RefundVerdict::Succeeded { reference }).await;
    }
    let providers = on.providers.of(&payment, context.now()).await?;
    let provider = providers.of(&payment)?;
    let charge = payment
        .provider_reference
        .ok_or_else(|| WorkError::Poison(format!("payment {} has no charge at the provider", key.payment)))?;
    let request = RefundCharge { key: refund.provider_key(), charge, money: refund.money };
    let verdict = match provider.find_refund(&request).await? {
        Some(verdict) => verdict,
        None => provider.refund(&request).await?,
    };
    conclude(context, on, key, &verdict).await
}

/// As [`crate::settle_payment::put_off`].
pub async fn put_off(context: &Context<'_>, on: Settling<'_>, key: RefundKey) -> Result<(), WorkError> {
    let (refund, now) = (read(on, key).await?, context.now());
    let is_due = refund.check_at.is_some_and(|at| at <= now);
    if !is_due {
        return Ok(());
    }
    let changes = vec![Change::UpdateRefund(refund.asked_in_vain(now))];
    let commit = Commit { tenant: key.tenant, record: None, changes, events: Vec::new(), now };
    settled(on.commerce.commit(commit).await).map(drop)
}

async fn read(on: Settling<'_>, key: RefundKey) -> Result<Refund, WorkError> {
    let RefundKey { tenant, payment, refund } = key;
    let found = on.refunds.get(tenant, payment, refund, Consistency::Strong).await?;
    found.ok_or_else(|| WorkError::Poison(format!("there is no refund {refund}")))
}

async fn read_payment(on: Settling<'_>, key: RefundKey) -> Result<Payment, WorkError> {
    let payment = on.payments.get(key.tenant, key.payment, Consistency::Strong).await?;
    payment.ok_or_else(|| WorkError::Poison(format!("there is no payment {}", key.payment)))
}

async fn conclude(
    context: &Context<'_>,
    on: Settling<'_>,
    key: RefundKey,
    verdict: &RefundVerdict,
) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let refund = read(on, key).await?;
        if refund.status != RefundStatus::Processing {
            return Ok(());
        }
        let payment = read_payment(on, key).await?;
        let order = match refund.order {
            Some(id) => on.orders.get(key.tenant, id, Consistency::Strong).await?,
            None => None,
        };
        let commit = conclusion(context, &refund, &payment, order.as_ref(), verdict)?;
        match settled(on.commerce.commit(commit).await)? {
            Settled::Done => return Ok(()),
            Settled::ReadAgain => {}
        }
    }
    Err(WorkError::contended())
}

/// What a verdict changes, as one commit.
fn conclusion(
    context: &Context<'_>,
    refund: &Refund,
    payment: &Payment,
    order: Option<&Order>,
    verdict: &RefundVerdict,
) -> Result<Commit, WorkError> {
    let now = context.now();
    let (tenant, amount) = (refund.tenant, refund.money.amount);
    let next = refund.conclude(verdict, now).map_err(|refusal| WorkError::Poison(refusal.to_string()))?;
    let subject = RefundKey { tenant, payment: refund.payment, refund: refund.id }.subject();
    let mut changes = Vec::new();
    let mut events = Vec::new();
    match verdict {
        RefundVerdict::Succeeded { .. } => {
            events.push(context.event(tenant, EventType::RefundSucceeded, subject, api::refund(&next)));
            changes.push(Change::UpdatePayment(payment.settle_refund(amount, now)));
            changes.push(Change::Post(ledger::post_refund(payment, refund, context.transaction_ids(), now)));
            if let Some(order) = order {
                let order_next = order.refund(amount, now);
                let became_refunded =
                    order_next.status == OrderStatus::Refunded && order.status != OrderStatus::Refunded;
                if became_refunded {
                    events.push(context.event(
                        tenant,
                        EventType::OrderRefunded,
                        order_next.id,
                        api::order(&order_next),
                    ));
                }
                changes.push(Change::UpdateOrder(order_next));
            }
        }
        RefundVerdict::Pending { .. } => {}
        RefundVerdict::Refused { .. } => {
            events.push(context.event(tenant, EventType::RefundFailed, subject, api::refund(&next)));
            changes.push(Change::UpdatePayment(payment.release_refund(amount, now)));
            changes.push(Change::Post(ledger::release_refund(payment, refund)));
        }
    }
    changes.push(Change::UpdateRefund(next));
    Ok(Commit { tenant, record: None, changes, events, now })
}
