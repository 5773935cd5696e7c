//! Named scenarios, each with the behaviours of BEHAVIOURS.md that it shows in its name. Every one is the real functions over
//! the memory adapters; what fails and when is planned to the call.

mod access;
mod attachments;
mod bulk;
mod cache;
mod captures;
mod connections;
mod crashes;
mod dead_letters;
mod disputes;
mod event_rights;
mod expand;
mod extractions;
mod failover;
mod fees;
mod files;
mod idempotency;
mod job_lines;
mod jobs;
mod ledger;
mod limits;
mod mails;
mod past;
mod payments;
mod realtime;
mod realtime_faults;
mod realtime_late;
mod realtime_turns;
mod receipts;
mod refused_keys;
mod retired;
mod routes;
mod schedules;
mod stampede;
mod statements;
mod twice;
mod verification;
mod wallets;
mod webhook_burst;
mod webhook_changes;
mod webhook_due;
mod webhook_endpoints;
mod webhook_order;
mod webhooks;
mod workers;

use coffer_simulation::{Shop, World, invariants};
use domain::access::Caller;
use domain::payment::PaymentStatus;
use ports::clock::Clock as _;

/// A world with one shop, seen through its owner.
struct Scene {
    world: World,
    shop: Shop,
}

impl Scene {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        let shop = world.sign_up("tea");
        world.run_until_quiet();
        Self { world, shop }
    }

    fn owner(&self) -> &Caller {
        &self.shop.owner.caller
    }

    /// The owner with a token of this moment, for scenarios that outlive one.
    fn owner_now(&self) -> Caller {
        Caller { issued_at_seconds: self.world.clock.now().as_seconds(), ..self.owner().clone() }
    }

    fn payment_count(&self) -> usize {
        self.world.store.contents().payments.len()
    }

    fn status_of(&self, payment: &str) -> PaymentStatus {
        let id = payment.parse().expect("an id");
        let found = self.world.store.contents().payments.into_iter().find(|payment| payment.id == id);
        found.expect("the payment is there").status
    }

    /// What the provider took for a payment, by how many charges.
    fn charged(&self, payment: &str) -> (i64, usize) {
        let of_payment = |key: &&String| key.starts_with(&format!("{payment}-"));
        let tries = self.world.provider.charges().keys().filter(of_payment).count();
        (self.world.provider.charged(payment.parse().expect("an id")), tries)
    }

    /// A fault that no call came by shows nothing.
    #[track_caller]
    fn every_fault_has_struck(&self) {
        assert_eq!(self.world.faults.unspent(), [], "planned, and never come by");
    }

    /// The end of every scenario: nothing is left to do and everything adds up.
    #[track_caller]
    fn comes_to_rest(&self) {
        self.every_fault_has_struck();
        self.world.faults.heal();
        self.world.cache.set_away(false);
        self.world.run_until_quiet();
        assert_eq!(invariants::of_world(&self.world), Ok(()));
    }
}
