//! Disputes, as providers tell of them: whatever a provider says of its own accord only makes us ask it, and what it answers
//! is written with the payment, the ledger and the events in one transaction. Every step may run twice, late or beside
//! another worker.

use domain::dispute::{Dispute, DisputeReport, DisputeStatus};
use domain::event::{Event, EventType};
use domain::ids::{DisputeId, PaymentId, TenantId};
use domain::ledger;
use domain::payment::{Method, Payment};
use ports::commerce::{Change, Commit, Consistency, Disputes};
use ports::provider::ProviderError;

use crate::Context;
use crate::settle_payment::{self, charge_name};
use crate::work::{Settled, WorkError, settled};

const TRIES: usize = 8;

#[derive(Clone, Copy)]
pub struct Settling<'a> {
    pub payments: settle_payment::Settling<'a>,
    pub disputes: &'a dyn Disputes,
}

/// The provider has told something of a payment: asks what has become of it and of its disputes. One that is not ours, as
/// when two systems share an account, is passed over.
pub async fn heed(context: &Context<'_>, on: Settling<'_>, tenant: TenantId, id: PaymentId) -> Result<(), WorkError> {
    let Some(payment) = on.payments.payments.get(tenant, id, Consistency::Strong).await? else {
        tracing::warn!(payment_id = %id, "a provider told of a payment that is not here");
        return Ok(());
    };
    if let Method::Wallet { .. } = payment.method {
        tracing::warn!(payment_id = %id, "a provider told of a payment that no provider has part in");
        return Ok(());
    }
    if !payment.status.is_open() {
        return reconcile(context, on, &payment).await;
    }
    settle_payment::inquire(context, on.payments, tenant, id).await?;
    reconcile(context, on, &read_payment(on, tenant, id).await?).await
}

/// One message that an answer waits to be handed on.
pub async fn process(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: DisputeId,
) -> Result<(), WorkError> {
    let looked = look(context, on, tenant, id).await;
    on.payments.providers.wait(context, on.payments.commerce, tenant, looked).await
}

/// One dispute that waits for its answer to be handed on, or that is due.
pub async fn look(context: &Context<'_>, on: Settling<'_>, tenant: TenantId, id: DisputeId) -> Result<(), WorkError> {
    let dispute = read(on, tenant, id).await?;
    if !dispute.status.is_open() {
        return Ok(());
    }
    if let Some(evidence) = dispute.to_send() {
        let payment = read_payment(on, tenant, dispute.payment).await?;
        let providers = on.payments.providers.of(&payment, context.now()).await?;
        let answer = providers.of(&payment)?.answer_dispute(&dispute.provider_reference, evidence).await;
        if let Err(ProviderError::Refused(code)) = &answer {
            tracing::warn!(dispute_id = %id, code = code.as_str(), "the provider takes no such answer to a dispute");
            let next = dispute.answer_refused(context.now());
            let event = context.event(tenant, EventType::DisputeUpdated, id, api::dispute(&next));
            return write(context, on, next, vec![event]).await?.or_contended();
        }
        let report = answer?;
        write(context, on, dispute.sent(context.now()), Vec::new()).await?.or_contended()?;
        return hear(context, on, dispute.tenant, dispute.payment, &report).await;
    }
    reconcile(context, on, &read_payment(on, tenant, dispute.payment).await?).await?;
    let dispute = read(on, tenant, id).await?;
    let is_due = dispute.check_at.is_some_and(|at| at <= context.now());
    if is_due {
        // Somebody else's change sets the next time as well.
        write(context, on, dispute.asked(context.now()), Vec::new()).await?;
    }
    Ok(())
}

/// As [`settle_payment::put_off`].
pub async fn put_off(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: DisputeId,
) -> Result<(), WorkError> {
    let (dispute, now) = (read(on, tenant, id).await?, context.now());
    let is_due = dispute.check_at.is_some_and(|at| at <= now);
    if is_due {
        write(context, on, dispute.asked_in_vain(now), Vec::new()).await?;
    }
    Ok(())
}

/// Hears of every dispute that the payment's charge has had.
async fn reconcile(context: &Context<'_>, on: Settling<'_>, payment: &Payment) -> Result<(), WorkError> {
    let providers = on.payments.providers.of(payment, context.now()).await?;
    for report in providers.of(payment)?.find_disputes(&charge_name(payment)).await? {
        hear(context, on, payment.tenant, payment.id, &report).await?;
    }
    Ok(())
}

/// Brings ours to where the provider's is: opens it where there is none yet, then takes what was decided.
async fn hear(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: PaymentId,
    report: &DisputeReport,
) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let payment = read_payment(on, tenant, id).await?;
        if payment.captured == 0 {
            return Err(WorkError::Retry { reason: "a payment is disputed that has not been settled", source: None });
        }
        let commit = match payment.dispute_named(&report.reference) {
            None => opening(context, &payment, report)?,
            Some(known) => match read(on, tenant, known).await?.hear(report, context.now()) {
                None => return Ok(()),
                Some(next) => decision(context, &payment, next),
            },
        };
        // After an opening the report may have more to say.
        settled(on.payments.commerce.commit(commit).await)?;
    }
    Err(WorkError::contended())
}

/// Of another currency than the payment's nothing is booked: there is no rate to do it by.
fn opening(context: &Context<'_>, payment: &Payment, report: &DisputeReport) -> Result<Commit, WorkError> {
    let (theirs, ours) = (report.money.currency.code(), payment.money.currency.code());
    if theirs != ours {
        return Err(WorkError::Poison(format!("a dispute in {theirs} of {}, which is in {ours}", payment.id)));
    }
    let now = context.now();
    let tenant = payment.tenant;
    let dispute = Dispute::open(context.id(), tenant, payment.id, report, now);
    let paid = payment.dispute_opened(&report.reference, dispute.id, dispute.money.amount, now);
    let events = vec![context.event(tenant, EventType::DisputeCreated, dispute.id, api::dispute(&dispute))];
    let changes = vec![
        Change::UpdatePayment(paid),
        Change::Post(ledger::post_dispute(&dispute, context.transaction_ids(), now)),
        Change::CreateDispute(dispute),
    ];
    Ok(Commit { tenant, record: None, changes, events, now })
}

fn decision(context: &Context<'_>, payment: &Payment, next: Dispute) -> Commit {
    let now = context.now();
    let tenant = payment.tenant;
    let events = vec![context.event(tenant, event_of(next.status), next.id, api::dispute(&next))];
    let mut changes = Vec::new();
    match next.status {
        DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => {}
        DisputeStatus::Won => {
            changes.push(Change::UpdatePayment(payment.dispute_won(next.money.amount, now)));
            changes.push(Change::Post(ledger::post_dispute_won(&next, context.transaction_ids(), now)));
        }
        DisputeStatus::Lost => {
            changes.push(Change::Post(ledger::post_dispute_lost(&next, context.transaction_ids(), now)));
        }
    }
    changes.push(Change::UpdateDispute(next));
    Commit { tenant, record: None, changes, events, now }
}

fn event_of(status: DisputeStatus) -> EventType {
    match status {
        DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => EventType::DisputeUpdated,
        DisputeStatus::Won => EventType::DisputeWon,
        DisputeStatus::Lost => EventType::DisputeLost,
    }
}

async fn write(
    context: &Context<'_>,
    on: Settling<'_>,
    dispute: Dispute,
    events: Vec<Event>,
) -> Result<Settled, WorkError> {
    let (tenant, now) = (dispute.tenant, context.now());
    let commit = Commit { tenant, record: None, changes: vec![Change::UpdateDispute(dispute)], events, now };
    settled(on.payments.commerce.commit(commit).await)
}

async fn read(on: Settling<'_>, tenant: TenantId, id: DisputeId) -> Result<Dispute, WorkError> {
    let dispute = on.disputes.get(tenant, id, Consistency::Strong).await?;
    dispute.ok_or_else(|| WorkError::Poison(format!("there is no dispute {id}")))
}

async fn read_payment(on: Settling<'_>, tenant: TenantId, id: PaymentId) -> Result<Payment, WorkError> {
    let payment = on.payments.payments.get(tenant, id, Consistency::Strong).await?;
    payment.ok_or_else(|| WorkError::Poison(format!("there is no payment {id}")))
}
