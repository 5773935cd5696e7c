//! Clients by chance: what they ask for, with amounts that fit and amounts that do not, once or again under the same key.

use std::time::Duration;

use domain::access::Caller;
use domain::idempotency::KEPT_FOR;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::intents::{Clients, Intent, Known, Sent, What};
use super::run::{Doing, Ended, Run};
use crate::ask::Ask;
use crate::sandbox::TOKENS;

/// A client that is not answered for so long gives up: the key may be free again.
const GIVES_UP_AFTER: Duration = Duration::from_secs(KEPT_FOR.as_secs() - 3_600);

impl Run {
    pub(super) fn send_new(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let wish = match self.random.u8(..22) {
            0..5 => Some((What::Order, self.order())),
            20.. => Some((What::Wallet, Ask::post("/v1/wallets", &json!({ "currency": "EUR" })))),
            5..13 => Some((What::Payment, self.payment(who))),
            13..17 => self.refund(who).map(|ask| (What::Refund, ask)),
            _ => self.step_of_an_order(who).map(|ask| (What::Step, ask)),
        };
        let Some((what, ask)) = wish else { return };
        let needs_key = matches!(what, What::Payment | What::Refund);
        let key = (needs_key || self.random.bool()).then(|| format!("key-{}", self.clients.intents.len()));
        let ask = match &key {
            Some(key) => ask.key(key),
            None => ask,
        };
        let first_sent_at = self.world.clock.now();
        let number = self.clients.intents.len();
        self.tell(|| format!("intent {number} of user {who}: {ask}"));
        self.clients.intents.push(Intent { who, what, key, ask, first_sent_at, kept: None, was_refused: false });
        self.send(self.clients.intents.len() - 1);
    }

    pub(super) fn send_again(&mut self) {
        let now = self.world.clock.now();
        let may = |intent: &Intent| {
            intent.key.is_some() && !intent.was_refused && now.since(intent.first_sent_at) < GIVES_UP_AFTER
        };
        let intents = self.clients.intents.iter().enumerate();
        let candidates: Vec<usize> = intents.filter(|(_, intent)| may(intent)).map(|(index, _)| index).collect();
        if let Some(intent) = self.random.choice(&candidates).copied() {
            self.send(intent);
        }
    }

    /// Those that have heard nothing final and may still ask.
    pub(super) fn unanswered(&self) -> Vec<usize> {
        let now = self.world.clock.now();
        let is_open = |intent: &Intent| {
            intent.kept.is_none() && !intent.was_refused && now.since(intent.first_sent_at) < GIVES_UP_AFTER
        };
        let intents = self.clients.intents.iter().enumerate();
        intents.filter(|(_, intent)| is_open(intent)).map(|(index, _)| index).collect()
    }

    /// Those whose answer is still kept and would be given again.
    pub(super) fn replayable(&self) -> Vec<usize> {
        let now = self.world.clock.now();
        let is_kept = |intent: &Intent| {
            intent.kept.is_some() && intent.key.is_some() && now.since(intent.first_sent_at) < GIVES_UP_AFTER
        };
        let intents = self.clients.intents.iter().enumerate();
        intents.filter(|(_, intent)| is_kept(intent)).map(|(index, _)| index).collect()
    }

    pub(super) fn send(&mut self, intent: usize) {
        let ask = self.clients.intents[intent].ask.clone();
        self.send_as(intent, ask, false);
    }

    /// The same route and key, another body.
    pub(super) fn misuse_a_key(&mut self) {
        let replayable = self.replayable();
        let Some(intent) = self.random.choice(&replayable).copied() else { return };
        let other = match self.clients.intents[intent].what {
            What::Order => self.order(),
            What::Payment => self.payment(self.clients.intents[intent].who),
            What::Refund | What::Step | What::Wallet => return,
        };
        let Intent { key, ask, .. } = &self.clients.intents[intent];
        let (key, is_other) = (key.clone().unwrap_or_default(), ask.body() != other.body());
        if is_other {
            self.send_as(intent, other.key(&key), true);
        }
    }

    fn send_as(&mut self, intent: usize, ask: Ask, is_misuse: bool) {
        self.figures.calls += 1;
        let Intent { who, key, kept, .. } = &self.clients.intents[intent];
        let who = self.fresh(*who);
        let effect = key.as_ref().and_then(|key| self.books.effects.get(&(who.tenant, key.clone())));
        let sent = Sent { intent, is_misuse, was_done: effect.is_some(), was_kept: kept.is_some() };
        let (world, ask) = (self.world.clone(), ask.by(&who));
        self.start(Doing::Call(sent), async move { Ended::Answered(world.calling(ask).await) });
    }

    /// The user with a token that was issued just now.
    pub(super) fn fresh(&self, who: usize) -> Caller {
        let issued_at_seconds = self.world.clock.now().as_seconds();
        Caller { issued_at_seconds, ..self.clients.callers[who].clone() }
    }

    fn order(&mut self) -> Ask {
        let currency = if self.random.u8(..5) == 0 { "JPY" } else { "EUR" };
        let (quantity, unit_amount) = (self.random.u32(1..4), self.random.i64(1..2_000));
        let line = json!({ "sku": "TEA", "name": "Tea", "quantity": quantity, "unit_amount": unit_amount });
        let customer = json!({ "email": "c@shop.example", "name": "C" });
        Ask::post("/v1/orders", &json!({ "currency": currency, "customer": customer, "lines": [line] }))
    }

    /// Of an order mostly, of all or half or too much of it; sometimes in the wrong currency, sometimes out of a wallet or
    /// into one.
    fn payment(&mut self, who: usize) -> Ask {
        let order = if self.random.u8(..8) == 0 { None } else { self.one_of(who, |run| &run.clients.orders) };
        let token = TOKENS[self.random.usize(..TOKENS.len())].0;
        let method = json!({ "type": "card", "token": if self.random.u8(..3) == 0 { token } else { "tok_success" } });
        let wallet = if self.random.bool() { self.one_of(who, |run| &run.clients.wallets) } else { None };
        if let Some(Known { id, .. }) = wallet.as_ref().filter(|_| self.random.bool()) {
            return self.top_up(id, &method);
        }
        let Some(Known { id, amount, currency, .. }) = order else {
            let body = json!({ "amount": self.random.i64(1..9_000), "currency": "EUR", "method": method });
            return Ask::post("/v1/payments", &body);
        };
        let currency = if self.random.u8(..30) == 0 { "USD".to_owned() } else { currency };
        let amount = self.part_of(amount);
        let method = match wallet.filter(|_| currency == "EUR") {
            Some(wallet) => json!({ "type": "wallet", "account_id": wallet.id }),
            None => method,
        };
        let body = json!({ "order_id": id, "amount": amount, "currency": currency, "method": method });
        Ask::post("/v1/payments", &body)
    }

    /// Enough for some orders.
    fn top_up(&mut self, wallet: &str, method: &Value) -> Ask {
        let to = json!({ "account_id": wallet });
        let amount = self.random.i64(1_000..20_000);
        let body = json!({ "amount": amount, "currency": "EUR", "method": method, "top_up": to });
        Ask::post("/v1/payments", &body)
    }

    fn refund(&mut self, who: usize) -> Option<Ask> {
        let Known { id, amount, .. } = self.one_of(who, |run| &run.clients.payments)?;
        let part = self.part_of(amount);
        let body: Value = if self.random.u8(..4) == 0 { json!({}) } else { json!({ "amount": part }) };
        Some(Ask::post(format!("/v1/payments/{id}/refunds"), &body))
    }

    fn step_of_an_order(&mut self, who: usize) -> Option<Ask> {
        let Known { id, .. } = self.one_of(who, |run| &run.clients.orders)?;
        let step = if self.random.bool() { "cancel" } else { "fulfil" };
        Some(Ask::new("POST", format!("/v1/orders/{id}/{step}")))
    }

    /// One of what the client's shop has, rather a young one.
    pub(super) fn one_of(&mut self, who: usize, list: impl Fn(&Self) -> &Vec<Known>) -> Option<Known> {
        let shop = Clients::shop_of(who);
        let of_shop: Vec<Known> = list(self).iter().rev().filter(|known| known.shop == shop).take(6).cloned().collect();
        self.random.choice(&of_shop).cloned()
    }

    fn part_of(&mut self, amount: i64) -> i64 {
        match self.random.u8(..10) {
            0..5 => amount,
            5..8 => (amount / 2).max(1),
            8 => amount + 1,
            _ => self.random.i64(1..=amount.max(1)),
        }
    }
}
