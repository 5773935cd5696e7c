//! Payments as the API sees them: taken in, read, listed. Settling is the worker's (`settle_payment`).

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{PaymentId, TenantId};
use domain::page::{Page, PageRequest};
use domain::payment::{NewPayment, Payment};
use ports::cache::{Cache, CacheKey, Lookup};
use ports::commerce::{Change, Commerce, Commit, PaymentFilter, Payments};

use crate::commit;
use crate::read::{self, Shown, Target};
use crate::{Context, Error, Outcome};

/// Takes a payment in: the payment, the hold on its order, its event (which is the worker's job) and the stored answer are
/// one transaction, and nothing is read before it.
pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Claim,
    input: NewPayment,
) -> Result<Outcome, Error> {
    let now = context.now();
    let payment = Payment::new(context.id(), tenant, input, now);
    let body = api::payment(&payment);
    let location = Some(format!("{}/payments/{}", api::BASE_PATH, payment.id));
    let answer = Answer { status: 202, location, body: body.clone() };
    let events = vec![context.event(tenant, EventType::PaymentCreated, payment.id, body)];
    let record = commit::record(Some(&claim), &answer, now);
    let hold = payment.order.map(|order| Change::HoldOrder { order, money: payment.money });
    let changes = hold.into_iter().chain([Change::CreatePayment(payment)]).collect();
    commit::answer(commerce, Commit { tenant, record, changes, events, now }, answer).await
}

pub async fn get(
    payments: &dyn Payments,
    cache: &dyn Cache,
    tenant: TenantId,
    id: PaymentId,
    found: Lookup,
) -> Result<Shown, Error> {
    let target = Target { cache, tenant, key: CacheKey::Payment(id), noun: "payment" };
    read::through(target, found, async |consistency| {
        Ok(payments.get(tenant, id, consistency).await?.as_ref().map(shown))
    })
    .await
}

pub async fn list(
    payments: &dyn Payments,
    tenant: TenantId,
    filter: &PaymentFilter,
    page: PageRequest<PaymentId>,
) -> Result<Page<Payment, PaymentId>, Error> {
    Ok(payments.list(tenant, filter, page).await?)
}

pub(crate) fn shown(payment: &Payment) -> Shown {
    Shown { version: payment.version, body: api::payment(payment) }
}
