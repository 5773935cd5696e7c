//! Payments as the API sees them: taken in, captured, cancelled, read, listed. Settling is the worker's (`settle_payment`).

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{PaymentId, TenantId};
use domain::ledger::{self, AccountId, AccountKind};
use domain::money::Amount;
use domain::page::{Page, PageRequest};
use domain::payment::{NewPayment, Payment, PaymentRefusal};
use domain::time::Timestamp;
use ports::cache::{Cache, CacheKey, Lookup};
use ports::commerce::{Change, Commerce, Commit, Consistency, PaymentFilter, Payments};

use crate::commit;
use crate::read::{self, Shown, Target};
use crate::revise::{Revising, Revision, revise};
use crate::{Context, Error, Outcome};

/// Takes a payment in: the payment, the hold on its order, that its wallet exists, its event (which is the worker's job) and
/// the stored answer are one transaction, and nothing is read before it.
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
    let is_wallet = |account: &AccountId| matches!(account.kind, AccountKind::Wallet(_));
    let wallets = ledger::accounts_of(&payment).into_iter().filter(is_wallet).map(Change::RequireWallet);
    let changes = hold.into_iter().chain(wallets).chain([Change::CreatePayment(payment)]).collect();
    commit::answer(commerce, Commit { tenant, record, changes, events, now }, answer).await
}

/// What a merchant wants of a payment that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// All of the authorised amount, or this much of it.
    Capture(Option<Amount>),
    Cancel,
}

impl Wish {
    fn ask(self, payment: &Payment, now: Timestamp) -> Result<Payment, PaymentRefusal> {
        match self {
            Self::Capture(amount) => payment.ask_capture(amount, now),
            Self::Cancel => payment.ask_cancel(now),
        }
    }

    fn event(self) -> EventType {
        match self {
            Self::Capture(_) => EventType::PaymentCaptureRequested,
            Self::Cancel => EventType::PaymentCancelRequested,
        }
    }
}

/// The ports that a change of a payment needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub commerce: &'a dyn Commerce,
    pub payments: &'a dyn Payments,
    pub cache: &'a dyn Cache,
}

/// Takes the wish in: the payment is processing again, and its event is the worker's job. A repeated request is answered
/// from its record even though the payment has moved on.
pub async fn wish(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: PaymentId,
    wish: Wish,
) -> Result<Outcome, Error> {
    let Stores { commerce, payments, cache } = stores;
    let read = async || payments.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("payment"));
    revise(Revising { context, store: commerce, tenant, claim: claim.as_ref() }, read, |payment, now| {
        let next = wish.ask(payment, now).map_err(Error::Payment)?;
        let shown = shown(&next);
        let location = Some(format!("{}/payments/{id}", api::BASE_PATH));
        Ok(Revision {
            change: Change::UpdatePayment(next),
            event: wish.event(),
            subject: id.to_string(),
            answer: Answer { status: 202, location, body: shown.body.clone() },
            cached: Some((target(cache, tenant, id), shown)),
        })
    })
    .await
}

pub async fn get(
    payments: &dyn Payments,
    cache: &dyn Cache,
    tenant: TenantId,
    id: PaymentId,
    found: Lookup,
) -> Result<Shown, Error> {
    read::through(target(cache, tenant, id), found, async |consistency| {
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
    Ok(payments.list(tenant, filter, page, Consistency::Eventual).await?)
}

pub(crate) fn shown(payment: &Payment) -> Shown {
    Shown { version: payment.version, body: api::payment(payment) }
}

fn target(cache: &dyn Cache, tenant: TenantId, id: PaymentId) -> Target<'_> {
    Target { cache, tenant, key: CacheKey::Payment(id), noun: "payment" }
}
