//! A world: every adapter, the clocks and chance, and what each function is given of them. Nothing happens in it but by the
//! steps of `api`, `stream`, `worker` and `quiet`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use app::connections;
use app::extract::Extracting;
use app::ingest::Ingesting;
use app::match_statement::Matching;
use app::notifications::Notifying;
use app::outside::OutsideGate;
use app::providers::Directory;
use app::receipts::Rendering;
use app::report::Sources;
use app::run_job::{Looking, Running};
use app::sweep::Sweeping;
use app::verification::Verifying;
use app::{
    Opened, dead_letters, schedules, settle_dispute, settle_payment, settle_refund, webhook_endpoints, webhooks,
};
use credentials::{LEEWAY_MAX, Policy, SignedTokens};
use domain::access::Caller;
use domain::allowance::{ModelTerms, Spending};
use domain::backoff::RECEIVES_MAX;
use domain::ids::TypedId;
use domain::listing::Listing;
use domain::logo::Logo;
use domain::receipt::{Receipt, Unprintable};
use domain::secret::Secret;
use domain::socket::SocketId;
use http_kit::Gate;
use memory::{
    Blobs, Cache, Clock, Faults, Key, Mailer, Model, OptOutKey, Passwords, Provider, Queues, Random, Receivers, Store,
    Vault,
};
use ports::blobs::{BlobKey, BlobParts};
use ports::clock::Mint;
use ports::commerce::{Commerce, Due};
use ports::platform::{Jobs, Platform};
use ports::provider::PaymentProvider;
use ports::realtime::{Feeds, Sockets};
use ports::webhooks::WebhookDeliveries;
use provider::SandboxEvents;
use webhook::StandardSigner;

use crate::connector::Connector;
use crate::instance::InstanceClock;
use crate::late::Late;
use crate::refusals::Refusals;
use crate::sent::Sent;
use crate::stream::Stream;
use crate::tasks::run;

/// Where the functions' effects go. By default the memory adapters themselves; a test of the harness puts an adapter with a
/// deliberate bug before one of them and expects to hear of it.
#[derive(Clone)]
pub struct Wiring {
    /// The tables, for adapters that look at them.
    pub store: Arc<Store>,
    pub commerce: Arc<dyn Commerce>,
    pub cache: Arc<dyn ports::cache::Cache>,
    pub queues: Arc<dyn ports::queues::Queues>,
    pub provider: Arc<dyn PaymentProvider>,
    pub due: Arc<dyn Due>,
    pub platform: Arc<dyn Platform>,
    pub jobs: Arc<dyn Jobs>,
    pub deliveries: Arc<dyn WebhookDeliveries>,
    pub sockets: Arc<dyn Sockets>,
    pub feeds: Arc<dyn Feeds>,
    pub blobs: Arc<dyn ports::blobs::Blobs>,
    pub parts: Arc<dyn BlobParts>,
}

/// What a world is made of.
pub struct Setup {
    /// Of ids, secrets and jitter.
    pub seed: u64,
    pub faults: Faults,
    pub rewire: fn(Wiring) -> Wiring,
    /// None is in production.
    pub has_sandbox: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { seed: 1, faults: Faults::none(), rewire: |wiring| wiring, has_sandbox: true }
    }
}

pub struct World {
    pub clock: Clock,
    /// What the functions take for the time.
    pub instance: InstanceClock,
    pub random: Random,
    pub faults: Faults,
    pub store: Arc<Store>,
    pub cache: Arc<Cache>,
    pub queues: Arc<Queues>,
    pub blobs: Arc<Blobs>,
    /// Uploads that files-ingest has still to be told of.
    pub uploads: RefCell<Vec<BlobKey>>,
    /// What the queues were sent.
    pub sent: Arc<Sent>,
    /// What people were told.
    pub mailer: Arc<Mailer>,
    pub(crate) opt_out_key: Arc<OptOutKey>,
    /// What reads documents.
    pub model: Arc<Model>,
    pub provider: Arc<Provider>,
    /// What a tenant may connect beside it.
    pub second: Arc<Provider>,
    pub(crate) vault: Vault,
    connector: Connector,
    opened: Opened,
    /// The gateway's connections.
    pub sockets: Arc<memory::Sockets>,
    /// Whose each of them is, as the gateway keeps it.
    pub(crate) socket_callers: RefCell<BTreeMap<SocketId, Caller>>,
    /// Who is told by webhooks.
    pub receivers: Receivers,
    /// Between the functions and the provider.
    pub refusals: Arc<Refusals>,
    /// What takes effect when nobody waits for it any more.
    pub late: Arc<Late>,
    /// What the stream consumers have still to be given.
    pub stream: RefCell<Stream>,
    /// After so long a worker leaves a report to the next.
    pub job_patience: Cell<Duration>,
    /// How many mails a tenant may send in a day.
    pub mails_per_day: Cell<u32>,
    pub(crate) passwords: Passwords,
    pub(crate) key: Arc<Key>,
    pub(crate) tokens: SignedTokens,
    pub(crate) policy: Policy,
    pub(crate) wiring: Wiring,
    pub(crate) provider_events: SandboxEvents,
}

/// What the provider signs its events with.
pub(crate) const EVENTS_SECRET: &str = "the sandbox's";

/// The worker's, as its wiring has it.
const JOB_PATIENCE: Duration = Duration::from_secs(150);

/// More than any scenario sends that does not say otherwise.
const MAILS_PER_DAY: u32 = 1_000_000;

/// Enough for some documents at once, and not for many.
pub(crate) const MODEL_TERMS: ModelTerms = ModelTerms {
    input_cents: 100,
    output_cents: 500,
    context_tokens: 200_000,
    output_tokens: 1_000,
    cap: Spending { tokens: 20_000, micro_dollars: 1_000_000 },
};

pub(crate) const ISSUER: &str = "https://coffer.example";

impl World {
    /// Nothing fails in it until it is told to.
    pub fn new() -> Self {
        Self::of(Setup::default())
    }

    /// Calls interleave, and fail by chance once that is planned, as the seed says.
    pub fn seeded(seed: u64) -> Self {
        Self::of(Setup { seed, faults: Faults::seeded(seed), ..Setup::default() })
    }

    pub fn of(setup: Setup) -> Self {
        let Setup { seed, faults, rewire, has_sandbox } = setup;
        let clock = Clock::default();
        let random = Random::seeded(seed);
        let store = Arc::new(Store::new(faults.clone()));
        let cache = Arc::new(Cache::new(clock.clone(), faults.clone()));
        let blobs = Arc::new(Blobs::new(clock.clone(), faults.clone()));
        let queues = Arc::new(Queues::new(clock.clone(), faults.clone(), RECEIVES_MAX));
        let sent = Arc::new(Sent::before(queues.clone()));
        let provider = Arc::new(Provider::new(faults.clone()));
        let refusals = Arc::new(Refusals::before(provider.clone(), seed));
        let key = Arc::new(Key::generate(faults.clone()).expect("the machine has random bits"));
        let late = Arc::new(Late::seeded(seed));
        let second = Arc::new(Provider::new(faults.clone()));
        let wiring = rewire(late.before(Wiring {
            store: store.clone(),
            commerce: store.clone(),
            cache: cache.clone(),
            queues: sent.clone(),
            provider: refusals.clone(),
            due: store.clone(),
            platform: store.clone(),
            jobs: store.clone(),
            deliveries: store.clone(),
            sockets: store.clone(),
            feeds: store.clone(),
            blobs: blobs.clone(),
            parts: blobs.clone(),
        }));
        Self {
            tokens: SignedTokens::new(key.clone(), Arc::new(random.clone()), ISSUER, ISSUER),
            policy: Policy { issuer: ISSUER.to_owned(), audience: ISSUER.to_owned(), leeway: LEEWAY_MAX },
            passwords: Passwords::new(faults.clone()),
            stream: RefCell::default(),
            vault: Vault::new(faults.clone()),
            connector: Connector { has_sandbox, sandbox: wiring.provider.clone(), stripe: second.clone() },
            opened: Opened::default(),
            blobs,
            uploads: RefCell::default(),
            job_patience: Cell::new(JOB_PATIENCE),
            mails_per_day: Cell::new(MAILS_PER_DAY),
            sockets: Arc::new(memory::Sockets::new(faults.clone())),
            socket_callers: RefCell::default(),
            receivers: Receivers::new(faults.clone()),
            wiring,
            provider_events: SandboxEvents::new(Secret::new(EVENTS_SECRET)),
            instance: InstanceClock::of(clock.clone()),
            clock,
            random,
            mailer: Arc::new(Mailer::new(faults.clone())),
            opt_out_key: Arc::new(OptOutKey::new(faults.clone())),
            model: Arc::new(Model::new(faults.clone())),
            second,
            faults,
            store,
            cache,
            queues,
            sent,
            provider,
            refusals,
            late,
            key,
        }
    }

    pub fn id<T: TypedId>(&self) -> T {
        self.mint().id()
    }

    /// What the gateway's authorizer says of an access token.
    pub fn authorize(&self, token: &str) -> Result<Caller, String> {
        let deps = tokens_authorize::Deps { clock: &self.instance, key: self.key.as_ref(), policy: &self.policy };
        run(tokens_authorize::authorize(deps, token))
    }

    pub(crate) fn mint(&self) -> Mint<'_> {
        Mint { clock: &self.instance, random: &self.random }
    }

    pub(crate) fn gate(&self) -> Gate<'_> {
        Gate { cache: self.wiring.cache.as_ref(), clock: &self.instance }
    }

    /// Of functions outside the network.
    pub(crate) fn outside(&self) -> OutsideGate<'_> {
        let store = self.store.as_ref();
        OutsideGate { users: store, sessions: store, limits: store }
    }

    pub(crate) fn connecting(&self) -> connections::Stores<'_> {
        let store = self.store.as_ref();
        connections::Stores { commerce: store, connections: store, vault: &self.vault, connector: &self.connector }
    }

    pub(crate) fn providers(&self) -> Directory<'_> {
        let connections::Stores { commerce: _, connections, vault, connector } = self.connecting();
        Directory { connections, vault, connector, opened: &self.opened }
    }

    pub(crate) fn webhook_stores(&self) -> webhook_endpoints::Stores<'_> {
        webhook_endpoints::Stores { platform: self.store.as_ref(), endpoints: self.store.as_ref() }
    }

    pub(crate) fn webhook_secrets(&self) -> webhook_endpoints::Secrets<'_> {
        webhook_endpoints::Secrets { vault: &self.vault, signer: &StandardSigner }
    }

    pub(crate) fn delivering(&self) -> webhooks::Delivering<'_> {
        let store = self.store.as_ref();
        webhooks::Delivering {
            endpoints: store,
            deliveries: self.wiring.deliveries.as_ref(),
            events: store,
            platform: store,
            queues: self.wiring.queues.as_ref(),
            sender: &self.receivers,
            signer: &StandardSigner,
            vault: &self.vault,
            opened: &self.opened,
        }
    }

    pub(crate) fn settling_payments(&self) -> settle_payment::Settling<'_> {
        let (commerce, providers) = (self.wiring.commerce.as_ref(), self.providers());
        let store = self.store.as_ref();
        settle_payment::Settling { commerce, payments: store, orders: store, fees: store, providers }
    }

    pub(crate) fn settling_disputes(&self) -> settle_dispute::Settling<'_> {
        settle_dispute::Settling { payments: self.settling_payments(), disputes: self.store.as_ref() }
    }

    pub(crate) fn settling_refunds(&self) -> settle_refund::Settling<'_> {
        let store = self.store.as_ref();
        let (commerce, providers) = (self.wiring.commerce.as_ref(), self.providers());
        settle_refund::Settling { commerce, payments: store, refunds: store, orders: store, providers }
    }

    pub(crate) fn rendering(&self) -> Rendering<'_> {
        let store = self.store.as_ref();
        let blobs = self.wiring.blobs.as_ref();
        Rendering {
            payments: store,
            orders: store,
            accounts: store,
            tenants: store,
            book: store,
            files: store,
            blobs,
            print,
        }
    }

    pub(crate) fn notifying(&self) -> Notifying<'_> {
        let store = self.store.as_ref();
        Notifying {
            book: store,
            mailer: self.mailer.as_ref(),
            write: letters::write,
            payments: store,
            orders: store,
            refunds: store,
            disputes: store,
            tenants: store,
            users: store,
            endpoints: store,
            connections: store,
            opt_out_key: self.opt_out_key.as_ref(),
            mails_per_day: self.mails_per_day.get(),
            public_url: ISSUER,
        }
    }

    pub(crate) fn verifying(&self) -> Verifying<'_> {
        let store = self.store.as_ref();
        Verifying {
            rows: store,
            verifications: store,
            journal: store,
            accounts: store,
            wallets: store,
            closings: store,
        }
    }

    pub(crate) fn ingesting(&self) -> Ingesting<'_> {
        let (platform, blobs) = (self.wiring.platform.as_ref(), self.wiring.blobs.as_ref());
        Ingesting { platform, files: self.store.as_ref(), blobs }
    }

    pub(crate) fn looking_at_jobs(&self) -> Looking<'_> {
        Looking { platform: self.wiring.platform.as_ref(), jobs: self.wiring.jobs.as_ref() }
    }

    pub(crate) fn schedule_stores(&self) -> schedules::Stores<'_> {
        schedules::Stores { platform: self.wiring.platform.as_ref(), schedules: self.store.as_ref() }
    }

    pub(crate) fn dead_letters(&self) -> dead_letters::Stores<'_> {
        let platform = self.wiring.platform.as_ref();
        dead_letters::Stores { platform, letters: self.store.as_ref(), returns: self.queues.as_ref() }
    }

    /// With parts of a few rows, so that even small reports have some.
    pub(crate) fn running_jobs(&self) -> Running<'_> {
        let store = self.store.as_ref();
        let sources = Sources { payments: store, accounts: store, wallets: store, rows: store };
        Running {
            looking: self.looking_at_jobs(),
            blobs: self.wiring.blobs.as_ref(),
            parts: self.wiring.parts.as_ref(),
            sources,
            tenants: store,
            print: print_listing,
            extracting: Extracting {
                extractor: Some(self.model.as_ref()),
                files: store,
                allowances: store,
                terms: MODEL_TERMS,
            },
            part_bytes: 200,
            patience: self.job_patience.get(),
        }
    }

    pub(crate) fn sweeping(&self) -> Sweeping<'_> {
        Sweeping {
            due: self.wiring.due.as_ref(),
            events: self.store.as_ref(),
            queues: self.wiring.queues.as_ref(),
            payments: self.settling_payments(),
            refunds: self.settling_refunds(),
            disputes: self.store.as_ref(),
            statements: self.matching(),
        }
    }

    pub(crate) fn matching(&self) -> Matching<'_> {
        Matching { commerce: self.wiring.commerce.as_ref(), ..Matching::of(self.store.as_ref()) }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// The same of a report.
fn print_listing(listing: &Listing) -> Result<Vec<u8>, Unprintable> {
    Ok(format!("{listing:?}").into_bytes())
}

/// In the place of a document, which takes longer than all else here: what it would be made of. As there, a picture
/// that is cut off is none that can be printed.
fn print(receipt: &Receipt) -> Result<Vec<u8>, Unprintable> {
    if let Some(Logo::Png(picture)) = &receipt.logo
        && !picture.bytes().ends_with(b"IEND\xaeB`\x82")
    {
        return Err(Unprintable("the picture is cut off".to_owned()));
    }
    Ok(format!("{receipt:?}").into_bytes())
}
