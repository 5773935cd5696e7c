//! Orders: create, read, list, cancel, fulfil.

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{OrderId, TenantId};
use domain::order::{NewOrder, Order, OrderRefusal};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::cache::{Cache, CacheKey, Lookup};
use ports::commerce::{Change, Commerce, Commit, Consistency, OrderFilter, Orders};

use crate::commit;
use crate::read::{self, Shown, Target};
use crate::revise::{Revising, Revision, revise};
use crate::{Context, Error, Outcome};

pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Option<Claim>,
    input: NewOrder,
) -> Result<Outcome, Error> {
    let now = context.now();
    let order = Order::new(context.id(), tenant, input, now).map_err(Error::Invalid)?;
    let body = api::order(&order);
    let location = Some(format!("{}/orders/{}", api::BASE_PATH, order.id));
    let answer = Answer { status: 201, location, body: body.clone() };
    let events = vec![context.event(tenant, EventType::OrderCreated, order.id, body)];
    let record = commit::record(claim.as_ref(), &answer, now);
    let commit = Commit { tenant, record, changes: vec![Change::CreateOrder(order)], events, now };
    commit::answer(commerce, commit, answer).await
}

pub async fn get(
    orders: &dyn Orders,
    cache: &dyn Cache,
    tenant: TenantId,
    id: OrderId,
    found: Lookup,
) -> Result<Shown, Error> {
    read::through(target(cache, tenant, id), found, async |consistency| {
        Ok(orders.get(tenant, id, consistency).await?.as_ref().map(shown))
    })
    .await
}

pub async fn list(
    orders: &dyn Orders,
    tenant: TenantId,
    filter: &OrderFilter,
    page: PageRequest<OrderId>,
) -> Result<Page<Order, OrderId>, Error> {
    Ok(orders.list(tenant, filter, page).await?)
}

/// A change that an order's own state decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Cancel,
    Fulfil,
}

impl Step {
    fn take(self, order: &Order, now: Timestamp) -> Result<Order, OrderRefusal> {
        match self {
            Self::Cancel => order.cancel(now),
            Self::Fulfil => order.fulfil(now),
        }
    }

    fn event(self) -> EventType {
        match self {
            Self::Cancel => EventType::OrderCancelled,
            Self::Fulfil => EventType::OrderFulfilled,
        }
    }
}

/// The ports that a change of an order needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub commerce: &'a dyn Commerce,
    pub orders: &'a dyn Orders,
    pub cache: &'a dyn Cache,
}

/// Takes the step on the order as it is, reading again when somebody else was first. A repeated request is answered from
/// its record even though the order has moved on.
pub async fn take_step(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: OrderId,
    step: Step,
) -> Result<Outcome, Error> {
    let Stores { commerce, orders, cache } = stores;
    let read = async || orders.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("order"));
    revise(Revising { context, store: commerce, tenant, claim: claim.as_ref() }, read, |order, now| {
        let next = step.take(order, now).map_err(Error::Order)?;
        let shown = shown(&next);
        Ok(Revision {
            change: Change::UpdateOrder(next),
            event: step.event(),
            subject: id.to_string(),
            answer: Answer { status: 200, location: None, body: shown.body.clone() },
            cached: Some((target(cache, tenant, id), shown)),
        })
    })
    .await
}

pub(crate) fn shown(order: &Order) -> Shown {
    Shown { version: order.version, body: api::order(order) }
}

fn target(cache: &dyn Cache, tenant: TenantId, id: OrderId) -> Target<'_> {
    Target { cache, tenant, key: CacheKey::Order(id), noun: "order" }
}
