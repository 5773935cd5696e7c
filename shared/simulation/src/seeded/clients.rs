//! Clients by chance: what they ask for, with amounts that fit and amounts that do not, once or again under the same key.

use std::time::Duration;

use domain::access::Caller;
use domain::idempotency::KEPT_FOR;
use domain::order::OrderStatus;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::intents::{Clients, Intent, Known, Sent, What};
use super::run::{Doing, Ended, Run};
use crate::ask::Ask;
use crate::furniture::statement_body;
use crate::sandbox::TOKENS;

/// A client that is not answered for so long gives up: the key may be free again.
const GIVES_UP_AFTER: Duration = Duration::from_secs(KEPT_FOR.as_secs() - 3_600);
/// From then on a key is free: its request may have been carried out when its client last asked, and not when it first did.
const FREE_AFTER: Duration = Duration::from_secs(GIVES_UP_AFTER.as_secs() + KEPT_FOR.as_secs() + 3_600);

/// How many come together, at most.
const CROWD_MAX: usize = 4;

impl Run {
    pub(super) fn send_new(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let wish = match self.random.u8(..24) {
            0..5 => Some((What::Order, self.order())),
            22.. => Some((What::Statement, self.statement(who))),
            20..22 => Some((What::Wallet, Ask::post("/v1/wallets", &json!({ "currency": "EUR" })))),
            5..13 => Some((What::Payment, self.payment(who))),
            13..18 => self.one_to_refund(who).map(|payment| (What::Refund, self.refund_of(&payment))),
            _ => self.one_of(who, |run| &run.clients.orders).map(|order| (What::Step, self.step_of(&order))),
        };
        if let Some((what, ask)) = wish {
            self.ask_for(who, what, ask);
        }
    }

    /// Several want the same money at once, under keys of their own.
    pub(super) fn send_a_crowd(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let is_of_order = self.random.bool();
        let target = if is_of_order { self.one_to_pay(who) } else { self.one_to_refund(who) };
        let Some(target) = target else { return };
        let wallet = self.a_wallet(who);
        for _ in 0..self.random.usize(2..=CROWD_MAX) {
            let (what, ask) = match (is_of_order, self.random.u8(..4)) {
                (true, 0) => (What::Step, self.step_of(&target)),
                (true, _) => (What::Payment, self.payment_of(&target, wallet.as_ref())),
                (false, _) => (What::Refund, self.refund_of(&target)),
            };
            self.ask_for(who, what, ask);
        }
    }

    pub(super) fn ask_for(&mut self, who: usize, what: What, ask: Ask) {
        let needs_key = matches!(what, What::Payment | What::Refund | What::Capture | What::Statement);
        let number = self.clients.intents.len();
        let key = (needs_key || self.random.bool()).then(|| self.key(who));
        let ask = match &key {
            Some(key) => ask.key(key),
            None => ask,
        };
        let first_sent_at = self.world.clock.now();
        self.tell(|| format!("intent {number} of user {who}: {ask}"));
        self.clients.intents.push(Intent { who, what, key, ask, first_sent_at, kept: None, was_refused: false });
        self.send(number);
    }

    /// Keys are a shop's own: another shop uses the same. One that is no longer kept may be used anew.
    fn key(&mut self, who: usize) -> String {
        let (now, shop) = (self.world.clock.now(), Clients::shop_of(who));
        let of_shop = |intent: &&Intent| Clients::shop_of(intent.who) == shop;
        let number_in_shop = self.clients.intents.iter().filter(of_shop).count();
        let is_free = |intent: &&mut Intent| {
            of_shop(&&**intent) && intent.key.is_some() && now.since(intent.first_sent_at) > FREE_AFTER
        };
        if self.random.bool()
            && let Some(old) = self.clients.intents.iter_mut().find(is_free)
            && let Some(key) = old.key.take()
        {
            self.books.effects.remove(&(self.clients.callers[who].tenant, key.clone()));
            return key;
        }
        format!("key-{number_in_shop}")
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
            What::Refund
            | What::Capture
            | What::Step
            | What::Wallet
            | What::Statement
            | What::File
            | What::Report
            | What::Schedule
            | What::Extraction => {
                return;
            }
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
        let wallet = self.a_wallet(who);
        if let Some(wallet) = wallet.as_ref().filter(|_| self.random.bool()) {
            return self.top_up(wallet);
        }
        let order = if self.random.u8(..8) == 0 { None } else { self.one_to_pay(who) };
        match order {
            Some(order) => self.payment_of(&order, wallet.as_ref()),
            None => {
                let (amount, method, capture) = (self.random.i64(1..9_000), self.method(), self.capture());
                let body = json!({ "amount": amount, "currency": "EUR", "method": method, "capture": capture });
                Ask::post("/v1/payments", &body)
            }
        }
    }

    /// Every other time.
    fn a_wallet(&mut self, who: usize) -> Option<Known> {
        if self.random.bool() { self.one_of(who, |run| &run.clients.wallets) } else { None }
    }

    /// Enough for some orders.
    fn top_up(&mut self, wallet: &Known) -> Ask {
        let (amount, method, capture) = (self.random.i64(1_000..20_000), self.method(), self.capture());
        let body = json!({
            "amount": amount, "currency": "EUR", "method": method, "capture": capture,
            "top_up": { "account_id": wallet.id },
        });
        Ask::post("/v1/payments", &body)
    }

    /// By card, or out of a wallet where it is of the order's currency.
    fn payment_of(&mut self, order: &Known, wallet: Option<&Known>) -> Ask {
        let Known { id, amount, currency, .. } = order;
        let currency = if self.random.u8(..30) == 0 { "USD" } else { currency };
        let amount = self.part_of(*amount);
        let (method, capture) = match wallet.filter(|_| currency == "EUR") {
            Some(wallet) => (json!({ "type": "wallet", "account_id": wallet.id }), "automatic"),
            None => (self.method(), self.capture()),
        };
        let body = json!({
            "order_id": id, "amount": amount, "currency": currency, "method": method, "capture": capture,
        });
        Ask::post("/v1/payments", &body)
    }

    /// Of the last days, with some payments of the shop by our name or the provider's, with amounts that fit and ones that do
    /// not.
    fn statement(&mut self, who: usize) -> Ask {
        // Over, by the clock of every instance.
        let to = self.world.clock.now().minus(Duration::from_secs(self.random.u64(60..2_000)));
        let from = to.minus(Duration::from_secs(self.random.u64(1..200_000)));
        let lines: Vec<Value> = (0..self.random.usize(1..6)).map(|_| self.statement_line(who)).collect();
        Ask::post("/v1/statements", &statement_body(&api::rfc3339(from), &api::rfc3339(to), &lines))
    }

    fn statement_line(&mut self, who: usize) -> Value {
        let payment = self.one_of(who, |run| &run.clients.payments);
        let Some(Known { id, amount, currency, .. }) = payment else {
            return json!({ "reference": "ch_unknown", "kind": "charge", "amount": 1, "currency": "EUR" });
        };
        let known = id.parse().ok().and_then(|id| self.books.payments.get(&id));
        let name = known.and_then(|payment| payment.provider_reference.clone()).filter(|_| self.random.bool());
        let (kind, amount) = match self.random.u8(..4) {
            0 => ("refund", -amount),
            1 => ("charge", amount + 1),
            _ => ("charge", amount),
        };
        json!({ "reference": name.unwrap_or(id), "kind": kind, "amount": amount, "currency": currency })
    }

    fn capture(&mut self) -> &'static str {
        if self.random.u8(..5) == 0 { "manual" } else { "automatic" }
    }

    fn method(&mut self) -> Value {
        let token = TOKENS[self.random.usize(..TOKENS.len())].0;
        let token = match self.random.u8(..12) {
            0..4 => token,
            4 => "tok_dispute",
            _ => "tok_success",
        };
        json!({ "type": "card", "token": token })
    }

    fn refund_of(&mut self, payment: &Known) -> Ask {
        let part = self.part_of(payment.amount);
        let body = if self.random.u8(..4) == 0 { json!({}) } else { json!({ "amount": part }) };
        Ask::post(format!("/v1/payments/{}/refunds", payment.id), &body)
    }

    fn step_of(&mut self, order: &Known) -> Ask {
        let step = if self.random.bool() { "cancel" } else { "fulfil" };
        Ask::new("POST", format!("/v1/orders/{}/{step}", order.id))
    }

    /// One of what the client's shop has, rather a young one.
    pub(super) fn one_of(&mut self, who: usize, list: impl Fn(&Self) -> &Vec<Known>) -> Option<Known> {
        self.one_that(who, list, |_, _| true)
    }

    /// Mostly an order of which something is to be paid: else few requests would come to anything.
    fn one_to_pay(&mut self, who: usize) -> Option<Known> {
        let is_any = self.random.u8(..4) == 0;
        self.one_that(who, |run| &run.clients.orders, |run, known| is_any || run.is_payable(known))
    }

    /// Mostly a payment of which something can go back.
    fn one_to_refund(&mut self, who: usize) -> Option<Known> {
        let is_any = self.random.u8(..4) == 0;
        self.one_that(who, |run| &run.clients.payments, |run, known| is_any || run.is_refundable(known))
    }

    fn one_that(
        &mut self,
        who: usize,
        list: impl Fn(&Self) -> &Vec<Known>,
        holds: impl Fn(&Self, &Known) -> bool,
    ) -> Option<Known> {
        let shop = Clients::shop_of(who);
        let fitting = list(self).iter().rev().filter(|known| known.shop == shop && holds(self, known));
        let fitting: Vec<Known> = fitting.take(6).cloned().collect();
        self.random.choice(&fitting).cloned()
    }

    fn is_payable(&self, known: &Known) -> bool {
        let order = known.id.parse().ok().and_then(|id| self.books.orders.get(&id));
        order.is_some_and(|order| order.status == OrderStatus::Open && order.available() > 0)
    }

    fn is_refundable(&self, known: &Known) -> bool {
        let payment = known.id.parse().ok().and_then(|id| self.books.payments.get(&id));
        payment.is_some_and(|payment| payment.refundable() > 0)
    }

    pub(super) fn part_of(&mut self, amount: i64) -> i64 {
        match self.random.u8(..10) {
            0..5 => amount,
            5..8 => (amount / 2).max(1),
            8 => amount + 1,
            _ => self.random.i64(1..=amount.max(1)),
        }
    }
}
