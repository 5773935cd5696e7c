//! Refunds as the API sees them: taken in and listed. Settling is the worker's (`settle_refund`).

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{PaymentId, RefundId, TenantId};
use domain::ledger;
use domain::metadata::Metadata;
use domain::money::{Amount, Money};
use domain::page::{Page, PageRequest};
use domain::payment::{Payment, PaymentRefusal};
use domain::refund::{NewRefund, Refund};
use domain::text::Reason;
use ports::commerce::{Change, Commerce, Commit, Consistency, Payments, Refunds};

use crate::commit;
use crate::settle_refund::RefundKey;
use crate::{Context, Error, Outcome};

/// `amount` none: all that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundInput {
    pub payment: PaymentId,
    pub amount: Option<Amount>,
    pub reason: Option<Reason>,
    pub metadata: Metadata,
}

/// Takes a refund in: reserves the amount on the payment and in the ledger, with its event and the stored answer, in one
/// transaction. The payment is read first for its currency and for what is left of it.
pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    payments: &dyn Payments,
    tenant: TenantId,
    claim: Claim,
    input: RefundInput,
) -> Result<Outcome, Error> {
    let RefundInput { payment: id, amount, reason, metadata } = input;
    let now = context.now();
    let payment = payments.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("payment"))?;
    let amount = match amount_to_refund(&payment, amount) {
        Ok(amount) => amount,
        Err(refusal) => return commit::refused(commerce, tenant, Some(&claim), Error::Payment(refusal), now).await,
    };
    let money = Money { amount, currency: payment.money.currency };
    let new = NewRefund { payment: id, order: payment.order, money, reason, metadata };
    let refund = Refund::new(context.id(), tenant, new, now);
    let body = api::refund(&refund);
    let subject = RefundKey { tenant, payment: id, refund: refund.id }.subject();
    let answer = Answer { status: 202, location: None, body: body.clone() };
    let events = vec![context.event(tenant, EventType::RefundCreated, subject, body)];
    let record = commit::record(Some(&claim), &answer, now);
    let reservation = Change::Post(ledger::reserve_refund(&payment, &refund));
    let changes = vec![Change::ReserveRefund { payment: id, amount }, Change::CreateRefund(refund), reservation];
    commit::answer(commerce, Commit { tenant, record, changes, events, now }, answer).await
}

fn amount_to_refund(payment: &Payment, amount: Option<Amount>) -> Result<Amount, PaymentRefusal> {
    let refundable = payment.refundable();
    let amount = match amount {
        Some(amount) => amount,
        None => Amount::new(refundable).map_err(|_| PaymentRefusal::NotRefundable { current: payment.status })?,
    };
    payment.reserve_refund(amount, payment.updated_at).map(|_| amount)
}

/// The refunds of a payment, newest first. An empty page is told from a payment that is not there.
pub async fn list(
    refunds: &dyn Refunds,
    payments: &dyn Payments,
    tenant: TenantId,
    payment: PaymentId,
    page: PageRequest<RefundId>,
) -> Result<Page<Refund, RefundId>, Error> {
    let found = refunds.list(tenant, payment, page).await?;
    if found.items.is_empty() {
        payments.get(tenant, payment, Consistency::Strong).await?.ok_or(Error::NotFound("payment"))?;
    }
    Ok(found)
}
