//! Who is told by webhooks in a seeded run: each shop has an endpoint that is well, one that wants order and one that is ill
//! as chance has it. Nobody ever hears of another shop's events; in the end everybody has heard of all of theirs.

use std::collections::BTreeSet;
use std::time::Duration;

use app::webhook_endpoints::purpose;
use domain::event::{Event, Queue};
use domain::ids::TenantId;
use domain::webhook::{
    DeliveryStatus, Endpoint, FAILURES_UNTIL_OPEN, NewEndpoint, NewSecret, Reach, Signature, TypeFilter, WebhookUrl,
};
use memory::Manner;
use ports::clock::Clock as _;
use ports::platform::{Platform, PlatformChange, PlatformCommit};
use ports::vault::Vault as _;
use ports::webhooks::WebhookSigner;
use serde_json::json;
use webhook::StandardSigner;

use super::run::{Doing, Ended, Run};
use crate::invariants::{Holds, ensure};
use crate::tasks::run;
use crate::world::World;

/// Beyond the longest wait of a delivery, however often it is held.
const LOOKS_MAX: usize = 300;
const EACH: Duration = Duration::from_secs(20 * 60);

/// The endpoints of a shop, put where the API would have put them: the shop's callers are of no identity table.
pub(super) fn plant(world: &World, tenants: &BTreeSet<TenantId>) {
    for tenant in tenants {
        for (name, ordered) in [("well", false), ("ordered", true), ("ill", false)] {
            plant_one(world, *tenant, &format!("https://{name}.example/{tenant}"), ordered);
        }
    }
}

fn plant_one(world: &World, tenant: TenantId, url: &str, ordered: bool) {
    let (id, now, signature) = (world.id(), world.clock.now(), Signature::Hmac);
    let fresh = StandardSigner.fresh(signature, [7; 32]).expect("a secret");
    let sealed = run(world.vault.seal(&purpose(tenant, id), &fresh.secret)).expect("nothing fails yet");
    let url = WebhookUrl::parse(url, Reach::Public).expect("a URL");
    let types = TypeFilter::default();
    let input = NewEndpoint { url, types, ordered, rate_per_second: None, description: None };
    let endpoint = Endpoint::new(id, tenant, input, NewSecret { signature, sealed, public_key: None }, now);
    let changes = vec![PlatformChange::CreateEndpoint(endpoint)];
    let commit = PlatformCommit { tenant, record: None, changes, events: Vec::new(), now };
    run(Platform::commit(world.store.as_ref(), commit)).expect("nothing fails yet");
}

impl Run {
    pub(super) fn wake(&mut self) {
        let world = self.world.clone();
        self.start(Doing::Wake, async move {
            drop(world.wake_step().await);
            Ended::Quietly
        });
    }

    /// One of the receivers fails for a while, mostly one that is known to.
    pub(super) fn fall_ill(&mut self) {
        let name = if self.random.u8(..4) == 0 { "ordered" } else { "ill" };
        let tenant = self.clients.callers[self.random.usize(..self.clients.callers.len())].tenant;
        let url = format!("https://{name}.example/{tenant}");
        let manner = match self.random.u8(..4) {
            0 => Manner::Answers(self.random.choice([302, 404, 500, 503]).unwrap_or(500)),
            1 => Manner::Hangs,
            2 => Manner::AsksToWait(Duration::from_secs(self.random.u64(..100_000))),
            _ => Manner::FailsFirst(self.random.u32(1..=FAILURES_UNTIL_OPEN + 2)),
        };
        self.world.receivers.set(&url, manner);
        self.tell(|| format!("{url}: {manner:?}"));
    }

    pub(super) fn nobody_hears_of_another(&self) -> Holds {
        for (url, id) in self.world.receivers.all_got() {
            let event = id.parse().ok().and_then(|id| self.books.events.get(&id));
            let is_theirs = event.is_none_or(|event| url.ends_with(&event.tenant.to_string()));
            ensure(is_theirs, || format!("{url} is told of {id}, which is another tenant's"))?;
        }
        Ok(())
    }

    /// Receivers are well from now on, what was buried is put back, and time passes until nothing waits any more.
    pub(super) fn everybody_is_told(&mut self) -> Holds {
        for _ in 0..LOOKS_MAX {
            self.world.keep_dead_letters(Queue::Webhooks);
            let sent_back = self.world.ask_keeper(&json!({ "dead_letters": "redrive", "queue": "webhooks" }));
            ensure(sent_back.is_ok(), || format!("the dead letters are not sent back: {sent_back:?}"))?;
            self.world.settle();
            let deliveries = self.world.store.deliveries();
            let is_pending = deliveries.iter().any(|delivery| delivery.status == DeliveryStatus::Pending);
            if !is_pending && self.world.queues.is_empty(Queue::Webhooks) {
                break;
            }
            self.world.clock.advance(EACH);
            self.world.minute();
        }
        self.look()?;
        self.nobody_hears_of_another()?;
        let contents = self.world.store.contents();
        for endpoint in contents.endpoints.iter().filter(|endpoint| endpoint.is_enabled()) {
            let taken: BTreeSet<String> = self.world.receivers.taken(endpoint.url.as_str()).into_iter().collect();
            let wanted = |event: &&Event| event.tenant == endpoint.tenant && endpoint.types.wants(event.kind);
            for event in contents.events.iter().filter(wanted) {
                let mut deliveries = contents.deliveries.iter();
                let delivery = deliveries.find(|it| it.endpoint == endpoint.id && it.event == event.id);
                let status = delivery.map(|delivery| delivery.status);
                let is_told = taken.contains(&event.id.to_string()) || status == Some(DeliveryStatus::Failed);
                ensure(is_told && status != Some(DeliveryStatus::Pending), || {
                    format!("{} of {} never came to {:?}: {status:?}", event.id, event.kind.as_str(), endpoint.url)
                })?;
            }
        }
        Ok(())
    }
}
