//! Providers by chance: tenants connect a second one, change which is first and disconnect; either cannot be reached for a
//! while, and Stripe takes no key.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::{Caller, Grant};
use domain::connection::{COUNTS_AFTER, ProviderName};
use domain::ids::{ClientId, TenantId};
use memory::Provider;
use ports::clock::Clock as _;
use ports::commerce::Consistency;
use ports::connections::Connections as _;
use serde_json::json;

use super::run::{Doing, Ended, Run};
use crate::ask::Ask;
use crate::furniture::stripe_body;
use crate::tasks::run;

/// A key of the one account that each tenant has.
const KEY: &str = "sk_test_account_0001";

impl Run {
    pub(super) fn providers(&self) -> [Arc<Provider>; 2] {
        [self.world.provider.clone(), self.world.second.clone()]
    }

    /// Some tenants have two from the beginning.
    pub(super) fn begin_with_providers(&mut self) {
        for tenant in self.tenants() {
            if self.random.bool() {
                let rank = *self.random.choice(&["first", "second"]).unwrap_or(&"first");
                let ask = Ask::new("PUT", "/v1/providers/stripe").json(&stripe_body(rank, KEY));
                self.world.call(ask.by(&self.machine(tenant)));
            }
        }
        self.world.clock.advance(COUNTS_AFTER);
    }

    pub(super) fn connect(&mut self) {
        let tenants = self.tenants();
        let Some(tenant) = self.random.choice(&tenants).copied() else { return };
        let rank = *self.random.choice(&["first", "second"]).unwrap_or(&"first");
        let ask = match self.random.u8(..8) {
            0 => Ask::delete("/v1/providers/stripe"),
            1..4 => Ask::new("PUT", "/v1/providers/sandbox").json(&json!({ "rank": rank })),
            _ => Ask::new("PUT", "/v1/providers/stripe").json(&stripe_body(rank, KEY)),
        };
        let (world, ask) = (self.world.clone(), ask.by(&self.machine(tenant)));
        self.start(Doing::Connect(ask.to_string()), async move {
            drop(world.calling(ask).await);
            Ended::Quietly
        });
    }

    pub(super) fn lose_or_find_a_provider(&mut self) {
        let (index, is_away) = (self.random.usize(..2), self.random.bool());
        self.providers()[index].set_away(is_away);
        self.tell(|| format!("provider {index} is {}", if is_away { "away" } else { "there" }));
    }

    pub(super) fn revoke_or_renew_keys(&mut self) {
        let is_refusing = self.random.bool();
        self.world.second.set_refusing_keys(is_refusing);
        self.tell(|| format!("Stripe takes {}", if is_refusing { "no key" } else { "every key" }));
    }

    /// Both are there, and whatever was disconnected while payments went by it is connected again.
    pub(super) fn providers_come_back(&mut self) {
        self.providers().iter().for_each(|provider| provider.set_away(false));
        self.world.second.set_refusing_keys(false);
        for tenant in self.tenants() {
            let Ok(connected) = run(self.world.store.get(tenant, Consistency::Strong)) else { continue };
            let was_there = !connected.turns.is_empty();
            if was_there && connected.of(ProviderName::Stripe).is_none() {
                let ask = Ask::new("PUT", "/v1/providers/stripe").json(&stripe_body("second", KEY));
                self.world.call(ask.by(&self.machine(tenant))).ok(200);
            }
        }
    }

    fn tenants(&self) -> Vec<TenantId> {
        let tenants: BTreeSet<TenantId> = self.clients.callers.iter().map(|caller| caller.tenant).collect();
        tenants.into_iter().collect()
    }

    fn machine(&self, tenant: TenantId) -> Caller {
        Caller {
            tenant,
            subject: self.world.id::<ClientId>().to_string(),
            session: None,
            grant: Grant::Scopes(vec!["providers:write".to_owned()]),
            issued_at_seconds: self.world.clock.now().as_seconds(),
        }
    }
}
