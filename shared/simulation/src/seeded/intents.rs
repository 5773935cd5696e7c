//! What clients want, what they have heard of it, and what a later answer may therefore be.

use std::collections::BTreeMap;

use domain::access::{Caller, Role};
use domain::fee::{FeeSettings, FeeTerms};
use domain::ids::{JobId, TenantId};
use domain::job::ENDED_KEPT_FOR;
use domain::time::Timestamp;

use ports::clock::Clock as _;
use ports::fees::Fees as _;

use super::run::Run;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};
use crate::people::caller;
use crate::tasks::run;
use crate::world::World;

const SHOPS: usize = 2;
const USERS_PER_SHOP: usize = 2;

/// One thing a client wants, however often it has to ask.
#[derive(Debug)]
pub(super) struct Intent {
    pub who: usize,
    pub what: What,
    /// None: the request has no `Idempotency-Key`, and may be refused for what its own first try has done.
    pub key: Option<String>,
    pub ask: Ask,
    pub first_sent_at: Timestamp,
    /// The success it has heard.
    pub kept: Option<Answer>,
    pub was_refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Order,
    Payment,
    Refund,
    Capture,
    Step,
    Wallet,
    Statement,
    File,
    Report,
    Extraction,
    Schedule,
}

/// One request on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub intent: usize,
    /// Another body under the intent's key.
    pub is_misuse: bool,
    /// An earlier request had done it when this one was sent.
    pub was_done: bool,
    /// The client had heard of success when it sent this.
    pub was_kept: bool,
}

/// What a client knows it may name.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub shop: usize,
    pub id: String,
    pub amount: i64,
    pub currency: String,
}

pub(super) struct Clients {
    pub callers: Vec<Caller>,
    pub intents: Vec<Intent>,
    pub orders: Vec<Known>,
    pub payments: Vec<Known>,
    pub wallets: Vec<Known>,
    pub jobs: Vec<Known>,
    /// The answers to announcements, with the links to upload by.
    pub files: Vec<Answer>,
    /// Callers whose session was ended.
    pub gone: Vec<Caller>,
}

impl Clients {
    pub(super) fn of(world: &World) -> Self {
        let tenants: Vec<TenantId> =
            (0..SHOPS).filter_map(|n| world.sign_up(&format!("shop-{n}")).tenant.parse().ok()).collect();
        // The payments of one shop have a fee.
        let terms = FeeTerms::new(290, BTreeMap::new()).expect("good terms");
        let fees = FeeSettings { tenant: tenants[0], terms, updated_at: world.clock.now() };
        run(world.store.put(&fees)).expect("nothing fails yet");
        let users = tenants.iter().flat_map(|tenant| [*tenant; USERS_PER_SHOP]);
        let callers = users.map(|tenant| caller(world, tenant, Role::Admin)).collect();
        let (orders, payments, wallets, jobs, files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { callers, intents: Vec::new(), orders, payments, wallets, jobs, files, gone: Vec::new() }
    }

    pub(super) fn shop_of(who: usize) -> usize {
        who / USERS_PER_SHOP
    }
}

impl Run {
    fn is_of_an_old_job(&self, ask: &Ask) -> bool {
        let id = ask.path().strip_prefix("/v1/jobs/").and_then(|rest| rest.split('/').next());
        let id = id.and_then(|id| id.parse::<JobId>().ok());
        id.is_some_and(|id| id.made_at().plus(ENDED_KEPT_FOR) <= self.world.clock.now())
    }

    /// What the client makes of an answer; an answer that must not be is broken.
    pub(super) fn heard(&mut self, sent: Sent, answer: Answer) -> Holds {
        let broken = |what: &str| format!("intent {} {what}: {} {}", sent.intent, answer.status, answer.body);
        let may_be_sent_again = match answer.status {
            429 | 503 => true,
            409 => answer.code() == "request_in_progress",
            _ => false,
        };
        if may_be_sent_again {
            return ensure(answer.header("retry-after").is_some(), || broken("is not told when to try again"));
        }
        let is_reuse = (answer.status, answer.code().as_str()) == (422, "idempotency_key_reused");
        if sent.is_misuse || is_reuse {
            return ensure(sent.is_misuse && is_reuse, || broken("is mistaken for another request, or another for it"));
        }
        if answer.is_success() {
            return self.heard_of_success(sent, answer);
        }
        // The file may have been deleted since it was chosen, and the job may have ended so long ago that it is forgotten.
        let intent = &self.clients.intents[sent.intent];
        let may_be_gone = intent.what == What::Extraction || self.is_of_an_old_job(&intent.ask);
        let is_good = matches!(answer.status, 409 | 422) || (answer.status == 404 && may_be_gone);
        ensure(is_good, || broken("is answered as no good request is"))?;
        let is_keyed = self.clients.intents[sent.intent].key.is_some();
        ensure(!is_keyed || !sent.was_done, || broken("is refused though it was done"))?;
        self.clients.intents[sent.intent].was_refused = true;
        Ok(())
    }

    fn heard_of_success(&mut self, sent: Sent, answer: Answer) -> Holds {
        let broken = |what: &str| format!("intent {} {what}: {} {}", sent.intent, answer.status, answer.body);
        let intent = &mut self.clients.intents[sent.intent];
        if let Some(key) = &intent.key {
            let tenant = self.clients.callers[intent.who].tenant;
            let effects = self.books.effects.get(&(tenant, key.clone()));
            let is_told = |effect: &String| Clients::is_told(intent.what, effect, &answer.body);
            let is_the_effect = effects.is_some_and(|effects| matches!(&effects[..], [effect] if is_told(effect)));
            ensure(is_the_effect, || broken("is not told what it did"))?;
            let is_replay = answer.is_replay();
            ensure(is_replay || !(sent.was_done || sent.was_kept), || broken("is not told that it is a replay"))?;
            self.figures.replays += usize::from(is_replay);
        }
        match &intent.kept {
            Some(kept) => {
                let location = |answer: &Answer| answer.header("location").map(str::to_owned);
                let is_same =
                    (kept.status, &kept.body, location(kept)) == (answer.status, &answer.body, location(&answer));
                ensure(is_same, || broken("is answered differently the second time"))
            }
            None => {
                intent.kept = Some(answer);
                self.learn(sent.intent);
                Ok(())
            }
        }
    }

    fn learn(&mut self, intent: usize) {
        let Intent { who, what, kept, .. } = &self.clients.intents[intent];
        let Some(answer) = kept else { return };
        let amount = answer.number("/total_amount").or_else(|| answer.number("/amount")).unwrap_or_default();
        let shop = Clients::shop_of(*who);
        let known = Known { shop, id: answer.id(), amount, currency: answer.text("/currency") };
        match what {
            What::Order => self.clients.orders.push(known),
            What::Payment => self.clients.payments.push(known),
            What::Wallet => self.clients.wallets.push(known),
            What::Report | What::Extraction => self.clients.jobs.push(known),
            What::File => {
                let made = answer.clone();
                if self.random.bool() {
                    self.world.upload(&made, None);
                }
                self.clients.files.push(made);
            }
            What::Refund | What::Capture | What::Step | What::Statement | What::Schedule => {}
        }
    }
}
