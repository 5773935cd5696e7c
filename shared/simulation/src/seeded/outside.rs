//! What happens outside without being asked for: customers confirm and dispute, banks decide, and the provider tells of it,
//! perhaps again, perhaps late, perhaps never.

use std::sync::Arc;

use domain::dispute::DisputeStatus;
use domain::payment::Payment;
use memory::Provider;
use serde_json::json;

use super::intents::{Clients, What};
use super::run::{Doing, Ended, Run};
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};

impl Run {
    pub(super) fn authenticate(&mut self) {
        let providers = self.providers();
        let waiting = providers.iter().flat_map(|it| it.waiting_for_customers().into_iter().map(move |key| (it, key)));
        if let Some((provider, key)) = self.random.choice(waiting.collect::<Vec<_>>()) {
            provider.authenticate(&key);
            self.tell(|| format!("the customer confirms {key}"));
        }
    }

    pub(super) fn decide_a_dispute(&mut self) {
        let disputed = self.disputed();
        let Some((provider, key, _)) = self.random.choice(&disputed) else { return };
        let next = if self.random.bool() { DisputeStatus::Won } else { DisputeStatus::Lost };
        let decided = provider.decide_dispute(key, next);
        self.tell(|| format!("the bank decides on {key}: {decided:?}"));
    }

    /// Of any charge, mostly of one that is disputed: a provider tells of many things.
    pub(super) fn hear_from_provider(&mut self) {
        let keys: Vec<String> = if self.random.u8(..4) == 0 {
            self.providers().iter().flat_map(|provider| provider.charges().into_keys()).collect()
        } else {
            self.disputed().into_iter().map(|(_, key, _)| key).collect()
        };
        let Some(key) = self.random.choice(&keys) else { return };
        let number = self.random.u8(..6);
        if let Some(ask) = self.event_of(key, &format!("evt_{key}_{number}")) {
            let world = self.world.clone();
            self.start(Doing::Told(key.clone()), async move {
                drop(world.calling(ask).await);
                Ended::Quietly
            });
        }
    }

    /// With the provider that has it.
    fn disputed(&self) -> Vec<(Arc<Provider>, String, DisputeStatus)> {
        let of = |provider: Arc<Provider>| {
            let disputed = provider.disputed().into_iter();
            disputed.map(|(key, status)| (provider.clone(), key, status)).collect::<Vec<_>>()
        };
        self.providers().into_iter().flat_map(of).collect()
    }

    fn event_of(&self, key: &str, event: &str) -> Option<Ask> {
        let payment = self.books.payments.get(&Payment::of_provider_key(key)?)?;
        Some(self.world.provider_tells(&payment.tenant.to_string(), &payment.id.to_string(), event))
    }

    /// A merchant answers a dispute, which may be decided already.
    pub(super) fn answer_a_dispute(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let tenant = self.clients.callers[who].tenant;
        let disputes = self.books.disputes.values().filter(|dispute| dispute.tenant == tenant);
        let ids: Vec<String> = disputes.map(|dispute| dispute.id.to_string()).collect();
        let Some(id) = self.random.choice(&ids).cloned() else { return };
        let evidence = self.random.choice(["winning_evidence", "losing_evidence", "Signed for"]);
        let ask = Ask::post(format!("/v1/disputes/{id}/answer"), &json!({ "evidence": evidence }));
        self.ask_for(who, What::Step, ask);
    }

    /// A merchant captures or gives up what is authorised, or what is not.
    pub(super) fn capture_or_cancel(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let shop = Clients::shop_of(who);
        let is_any = self.random.u8(..4) == 0;
        let known = self.clients.payments.iter().rev().filter(|known| known.shop == shop);
        let fitting = known.filter(|known| {
            let payment = known.id.parse().ok().and_then(|id| self.books.payments.get(&id));
            is_any || payment.is_some_and(|payment| payment.ask_cancel(payment.updated_at).is_ok())
        });
        let fitting: Vec<_> = fitting.take(6).cloned().collect();
        let Some(payment) = self.random.choice(&fitting).cloned() else { return };
        let path = |step: &str| format!("/v1/payments/{}/{step}", payment.id);
        let (what, ask) = match self.random.u8(..3) {
            0 => (What::Step, Ask::post(path("cancel"), &json!({}))),
            1 => (What::Capture, Ask::post(path("capture"), &json!({}))),
            _ => {
                let part = self.part_of(payment.amount);
                (What::Capture, Ask::post(path("capture"), &json!({ "amount": part })))
            }
        };
        self.ask_for(who, what, ask);
    }

    /// The provider tells of every dispute there is: then ours are what the banks say.
    pub(super) fn hear_of_every_dispute(&mut self) -> Holds {
        for (_, key, _) in self.disputed() {
            if let Some(ask) = self.event_of(&key, &format!("evt_{key}_last")) {
                self.world.call(ask);
            }
        }
        self.world.come_to_rest()?;
        self.look()?;
        for (_, key, status) in self.disputed() {
            let payment = Payment::of_provider_key(&key).and_then(|id| self.books.payments.get(&id));
            let ours = payment.and_then(|payment| self.books.disputes_of(payment).next()).map(|dispute| dispute.status);
            ensure(ours == Some(status), || format!("the dispute of {key} is {status:?}, ours says {ours:?}"))?;
        }
        Ok(())
    }
}
