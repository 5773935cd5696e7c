//! Settling a payment: ask the provider, then write its verdict, the order's share, the ledger and the events in one
//! transaction. Every step may run twice, late or beside another worker.

use domain::connection::ProviderName;
use domain::event::{Event, EventType};
use domain::fee::FeeTerms;
use domain::ids::{PaymentId, TenantId};
use domain::ledger::{self, Source};
use domain::money::Money;
use domain::order::{Order, OrderStatus};
use domain::payment::{Asked, DeclineCode, Method, Payment, PaymentStatus, Route, Verdict};
use domain::secret::Secret;
use ports::commerce::{Change, Commerce, Commit, CommitError, Consistency, Orders, Payments};
use ports::fees::Fees;
use ports::provider::{Charge, ChargeName, ProviderError};

use crate::Context;
use crate::providers::{Directory, Providers};
use crate::work::{Settled, WorkError, settled};

/// How often the final transaction is tried before the message goes back to its queue.
const TRIES: usize = 8;

#[derive(Clone, Copy)]
pub struct Settling<'a> {
    pub commerce: &'a dyn Commerce,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
    pub fees: &'a dyn Fees,
    pub providers: Directory<'a>,
}

/// One message of the payments queue: what the payment asks of the provider is done, unless it is beyond that.
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
    let asked = ask(context, on, payment).await;
    on.providers.wait(context, on.commerce, tenant, asked).await
}

/// One payment that is due, or that the provider has spoken of: hears what became of it before anything is asked again.
pub async fn inquire(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<(), WorkError> {
    let payment = read(on, tenant, id).await?;
    if !payment.status.is_open() {
        return Ok(());
    }
    if let Method::Wallet { .. } = payment.method {
        return spend(context, on, payment).await;
    }
    let providers = on.providers.of(&payment, context.now()).await?;
    let is_unsent = providers.second.is_some() && payment.route == Route::Unclaimed;
    if is_unsent || providers.first.is_none() {
        return ask_one_of(context, on, &providers, payment).await;
    }
    let provider = providers.of(&payment)?;
    if payment.is_expired(context.now()) {
        let verdict = provider.cancel_charge(&charge_name(&payment)).await?;
        return conclude(context, on, payment, &verdict).await;
    }
    match provider.find_charge(&charge_name(&payment)).await? {
        Some(verdict) if payment.is_still_to_do(&verdict) => ask_one_of(context, on, &providers, payment).await,
        Some(verdict) if payment.is_known(&verdict) => Ok(()),
        Some(verdict) => conclude(context, on, payment, &verdict).await,
        None => ask_one_of(context, on, &providers, payment).await,
    }
}

/// One that was due and could not be ended makes room for others.
pub async fn put_off(
    context: &Context<'_>,
    on: Settling<'_>,
    tenant: TenantId,
    id: PaymentId,
) -> Result<(), WorkError> {
    let (payment, now) = (read(on, tenant, id).await?, context.now());
    let is_due = payment.status.is_open() && payment.check_at.is_some_and(|at| at <= now);
    if is_due { keep(context, on, payment.asked_in_vain(now)).await } else { Ok(()) }
}

async fn read(on: Settling<'_>, tenant: TenantId, id: PaymentId) -> Result<Payment, WorkError> {
    let payment = on.payments.get(tenant, id, Consistency::Strong).await?;
    payment.ok_or_else(|| WorkError::Poison(format!("there is no payment {id}")))
}

async fn ask(context: &Context<'_>, on: Settling<'_>, payment: Payment) -> Result<(), WorkError> {
    if let Method::Wallet { .. } = payment.method {
        return spend(context, on, payment).await;
    }
    let providers = on.providers.of(&payment, context.now()).await?;
    ask_one_of(context, on, &providers, payment).await
}

async fn ask_one_of(
    context: &Context<'_>,
    on: Settling<'_>,
    providers: &Providers,
    payment: Payment,
) -> Result<(), WorkError> {
    static NOBODY: Verdict = Verdict::Declined { code: DeclineCode::NoProvider };
    let is_new = payment.asked == Asked::Charge && payment.provider_reference.is_none();
    if providers.first.is_none() && is_new {
        return conclude(context, on, payment, &NOBODY).await;
    }
    if let (Some(first), Some(second)) = (&providers.first, &providers.second)
        && payment.asked == Asked::Charge
        && payment.route.needs_claim()
    {
        let names = [first.name, second.name];
        return ask_claimed(context, on, providers, names, payment).await;
    }
    let answer = send(providers, &payment).await?;
    heard(context, on, payment, answer).await
}

/// Where there are two providers, the payment says by which it goes before anything is sent. It goes by the second only if
/// nobody has sent it, this request never left or was turned away for its key, and nobody has claimed it since: then it is
/// charged at one at most, and in all other cases it stays with the first, for the sweeper to ask.
async fn ask_claimed(
    context: &Context<'_>,
    on: Settling<'_>,
    providers: &Providers,
    [first, second]: [ProviderName; 2],
    payment: Payment,
) -> Result<(), WorkError> {
    let is_unsent = payment.route == Route::Unclaimed;
    let claimed = payment.claim(first, context.now());
    keep(context, on, claimed.clone()).await?;
    let answer = send(providers, &claimed).await?;
    let may_switch = is_unsent && matches!(answer, Err(ProviderError::NotSent(_) | ProviderError::KeyRefused(_)));
    if let (true, Err(ProviderError::KeyRefused(name))) = (may_switch, &answer) {
        on.providers.tell_refused(context, on.commerce, payment.tenant, *name).await?;
    }
    if !may_switch {
        return heard(context, on, claimed, answer).await;
    }
    let switched = claimed.switch(second, context.now());
    keep(context, on, switched.clone()).await?;
    let answer = send(providers, &switched).await?;
    heard(context, on, switched, answer).await
}

/// Does what the payment asks, at the provider that has it.
async fn send(providers: &Providers, payment: &Payment) -> Result<Result<Verdict, ProviderError>, WorkError> {
    let (provider, name) = (providers.of(payment)?, charge_name(payment));
    let Method::Card { token } = &payment.method else {
        return Err(WorkError::Poison(format!("{} is of a wallet: no provider has it", payment.id)));
    };
    Ok(match payment.asked {
        Asked::Charge => provider.charge(&charge(payment, token.clone())).await,
        Asked::Capture(amount) => provider.capture_charge(&name, Money { amount, ..payment.money }).await,
        Asked::Cancel => provider.cancel_charge(&name).await,
    })
}

async fn heard(
    context: &Context<'_>,
    on: Settling<'_>,
    payment: Payment,
    answer: Result<Verdict, ProviderError>,
) -> Result<(), WorkError> {
    match answer {
        Ok(verdict) => conclude(context, on, payment, &verdict).await,
        // It may have charged: the payment is handed to the sweeper, which asks.
        Err(ProviderError::TimedOut) => keep(context, on, payment.outcome_unknown(context.now())?).await,
        Err(ProviderError::Refused(code)) => {
            let next = payment.capture_refused(code, context.now())?;
            let event = context.event(next.tenant, EventType::PaymentRequiresCapture, next.id, api::payment(&next));
            write(context, on, next, vec![event]).await
        }
        Err(
            error @ (ProviderError::NotSent(_)
            | ProviderError::Unavailable(_)
            | ProviderError::KeyRefused(_)
            | ProviderError::Rejected(_)),
        ) => Err(error.into()),
    }
}

/// No provider takes part: the ledger's own word is the verdict, and the transaction that writes it says whether the wallet
/// has enough.
async fn spend(context: &Context<'_>, on: Settling<'_>, payment: Payment) -> Result<(), WorkError> {
    let reference = Source::Charge(payment.id).to_string();
    let verdict = Verdict::Succeeded { reference, captured: payment.money.amount };
    conclude(context, on, payment, &verdict).await
}

fn charge(payment: &Payment, token: Secret) -> Charge {
    let (key, tenant, money) = (payment.provider_key(), payment.tenant, payment.money);
    Charge { key, tenant, money, token, capture: payment.capture }
}

pub(crate) fn charge_name(payment: &Payment) -> ChargeName {
    ChargeName { key: payment.provider_key(), reference: payment.provider_reference.clone() }
}

/// Writes the payment alone, if nobody has written it since.
async fn keep(context: &Context<'_>, on: Settling<'_>, payment: Payment) -> Result<(), WorkError> {
    write(context, on, payment, Vec::new()).await
}

async fn write(context: &Context<'_>, on: Settling<'_>, payment: Payment, events: Vec<Event>) -> Result<(), WorkError> {
    let (tenant, now) = (payment.tenant, context.now());
    let commit = Commit { tenant, record: None, changes: vec![Change::UpdatePayment(payment)], events, now };
    settled(on.commerce.commit(commit).await)?.or_contended()
}

async fn conclude(
    context: &Context<'_>,
    on: Settling<'_>,
    mut payment: Payment,
    mut verdict: &Verdict,
) -> Result<(), WorkError> {
    static TOO_LITTLE: Verdict = Verdict::Declined { code: DeclineCode::InsufficientFunds };
    let attempt = payment.attempt;
    for _ in 0..TRIES {
        let order = match payment.order {
            Some(id) => on.orders.get(payment.tenant, id, Consistency::Strong).await?,
            None => None,
        };
        let terms = terms(on, &payment, verdict).await?;
        let commit = conclusion(context, &payment, order.as_ref(), verdict, &terms)?;
        let result = on.commerce.commit(commit).await;
        if let Err(CommitError::Overdrawn(_)) = result {
            verdict = &TOO_LITTLE;
            continue;
        }
        match settled(result)? {
            Settled::Done => return Ok(()),
            Settled::ReadAgain => payment = read(on, payment.tenant, payment.id).await?,
        }
        let is_of_another_try = payment.attempt != attempt;
        if is_of_another_try || !payment.status.is_open() {
            return Ok(());
        }
    }
    Err(WorkError::contended())
}

/// By which terms a charge that succeeded has its fee: those of the moment when it is booked.
async fn terms(on: Settling<'_>, payment: &Payment, verdict: &Verdict) -> Result<FeeTerms, WorkError> {
    let Verdict::Succeeded { .. } = verdict else { return Ok(FeeTerms::default()) };
    let settings = on.fees.get(payment.tenant, Consistency::Eventual).await?;
    Ok(settings.map(|settings| settings.terms).unwrap_or_default())
}

/// What a verdict changes, as one commit.
fn conclusion(
    context: &Context<'_>,
    payment: &Payment,
    order: Option<&Order>,
    verdict: &Verdict,
    terms: &FeeTerms,
) -> Result<Commit, WorkError> {
    let now = context.now();
    let tenant = payment.tenant;
    let mut next = payment.conclude(verdict, now)?;
    if let Verdict::Succeeded { captured, .. } = verdict {
        next.fee = terms.fee_of(&next, *captured);
    }
    let mut changes = Vec::new();
    let mut events = Vec::new();
    if next.status != payment.status {
        events.extend(event_of(next.status).map(|kind| context.event(tenant, kind, next.id, api::payment(&next))));
    }
    let held = payment.money.amount;
    let order_next = order.and_then(|order| match (verdict, next.status) {
        (Verdict::Succeeded { captured, .. }, _) => Some(order.settle(held, *captured, now)),
        (_, PaymentStatus::Failed | PaymentStatus::Cancelled) => Some(order.release(held, now)),
        _ => None,
    });
    if let Some(order_next) = order_next {
        let became_paid =
            order_next.status == OrderStatus::Paid && order.is_some_and(|order| order.status != OrderStatus::Paid);
        if became_paid {
            events.push(context.event(tenant, EventType::OrderPaid, order_next.id, api::order(&order_next)));
        }
        changes.push(Change::UpdateOrder(order_next));
    }
    if let Verdict::Succeeded { captured, .. } = verdict {
        changes.push(Change::Post(ledger::post_charge(&next, *captured, context.transaction_ids(), now)));
    }
    changes.push(Change::UpdatePayment(next));
    Ok(Commit { tenant, record: None, changes, events, now })
}

/// What the world is told when a payment comes to a state; that it is processing, its request tells.
fn event_of(status: PaymentStatus) -> Option<EventType> {
    match status {
        PaymentStatus::RequiresAction => Some(EventType::PaymentRequiresAction),
        PaymentStatus::RequiresCapture => Some(EventType::PaymentRequiresCapture),
        PaymentStatus::Succeeded => Some(EventType::PaymentSucceeded),
        PaymentStatus::Failed => Some(EventType::PaymentFailed),
        PaymentStatus::Cancelled => Some(EventType::PaymentCancelled),
        PaymentStatus::Processing | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => None,
    }
}
