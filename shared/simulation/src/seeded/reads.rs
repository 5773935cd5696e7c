//! Clients that read: what they are shown is a state that was, and at rest the state that is.

use domain::access::{Caller, Role};
use domain::ids::{OrderId, PaymentId, TenantId};
use ports::clock::Clock as _;

use super::intents::Known;
use super::run::{Doing, Ended, Run};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};
use crate::people::caller;

#[derive(Debug, Clone)]
pub(super) enum Reading {
    Order(OrderId),
    Payment(PaymentId),
}

impl Reading {
    fn ask(&self) -> Ask {
        match self {
            Self::Order(id) => Ask::get(format!("/v1/orders/{id}")),
            Self::Payment(id) => Ask::get(format!("/v1/payments/{id}")),
        }
    }
}

impl Run {
    pub(super) fn read(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let reading = if self.random.bool() {
            self.one_of(who, |run| &run.clients.orders).and_then(|Known { id, .. }| id.parse().ok()).map(Reading::Order)
        } else {
            self.one_of(who, |run| &run.clients.payments)
                .and_then(|Known { id, .. }| id.parse().ok())
                .map(Reading::Payment)
        };
        let Some(reading) = reading else { return };
        let (world, ask) = (self.world.clone(), reading.ask().by(&self.fresh(who)));
        self.start(Doing::Read(reading), async move { Ended::Answered(world.calling(ask).await) });
    }

    /// What was read is the resource as it was at the version that the answer names.
    pub(super) fn has_read(&mut self, reading: &Reading, answer: &Answer) -> Holds {
        if matches!(answer.status, 429 | 503) {
            return Ok(());
        }
        let version = answer.header("etag").and_then(|tag| tag.trim_matches('"').parse().ok());
        let was = version.and_then(|version| match reading {
            Reading::Order(id) => self.books.order_at(*id, version).map(api::order),
            Reading::Payment(id) => self.books.payment_at(*id, version).map(api::payment),
        });
        let is_right = answer.status == 200 && was.as_ref() == Some(&answer.body);
        ensure(is_right, || format!("{reading:?} shows what never was: {} {}", answer.status, answer.body))
    }

    /// Everything is shown as it is: nobody reads a stale state when nothing is under way any more.
    pub(super) fn reads_are_fresh(&mut self) -> Holds {
        let orders = self.books.orders.values();
        let orders = orders.map(|order| (Reading::Order(order.id), order.tenant, order.version, api::order(order)));
        let payments = self.books.payments.values();
        let payments = payments.map(|it| (Reading::Payment(it.id), it.tenant, it.version, api::payment(it)));
        for (reading, tenant, version, body) in orders.chain(payments) {
            let answer = self.world.call(reading.ask().by(&self.reader(tenant)));
            if answer.status == 503 {
                continue;
            }
            let is_fresh = answer.status == 200 && answer.body == body;
            let seen = answer.header("etag").unwrap_or_default();
            ensure(is_fresh, || {
                format!("{reading:?} is at version {version} and is shown as {seen}: {}", answer.body)
            })?;
        }
        Ok(())
    }

    /// Somebody whose limit nobody has used, and who may read whatever there is.
    pub(super) fn reader(&self, tenant: TenantId) -> Caller {
        let issued_at_seconds = self.world.clock.now().as_seconds();
        Caller { issued_at_seconds, ..caller(&self.world, tenant, Role::Admin) }
    }
}
