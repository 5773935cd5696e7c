//! A report of a million payments, for its memory: only a part of it is ever there (J5). Not a part of the tests, since it is
//! about the process: `cargo test --release -p coffer-simulation --test million -- --ignored --nocapture`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::extract::Extracting;
use app::report::Sources;
use app::run_job::{Looking, Running, process};
use app::{Context, Origin};
use async_trait::async_trait;
use coffer_simulation::run;
use domain::allowance::{ModelTerms, Spending};
use domain::event::{EventType, Notice};
use domain::ids::{PaymentId, TenantId};
use domain::job::{Job, JobResult, JobStatus};
use domain::metadata::Metadata;
use domain::money::{Amount, Currency, Money};
use domain::page::{Page, PageRequest};
use domain::payment::{Capture, Method, NewPayment, Payment};
use domain::receipt::Unprintable;
use domain::secret::Secret;
use domain::task::{Report, ReportFormat, ReportKind, Task};
use domain::text::Description;
use domain::time::Timestamp;
use memory::{Blobs, Clock, Faults, Random, Store};
use ports::PortError;
use ports::blobs::{BlobKey, BlobParts};
use ports::clock::{Clock as _, Mint};
use ports::commerce::{Commit, Consistency, PaymentFilter, Payments};
use ports::platform::{Jobs, Platform, PlatformChange};

const ROWS: u64 = 1_000_000;
const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
/// As on AWS.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// So many payments, made as they are read.
struct Many {
    listed: AtomicU64,
}

impl Many {
    fn payment(tenant: TenantId, number: u64) -> Payment {
        let currency = Currency::parse("EUR").expect("a currency");
        let input = NewPayment {
            order: None,
            money: Money { amount: Amount::new(1_999).expect("an amount"), currency },
            method: Method::Card { token: Secret::new("tok_success") },
            top_up: None,
            capture: Capture::Automatic,
            description: Some(Description::parse("An order of the tea shop, with some words").expect("a description")),
            metadata: Metadata::default(),
        };
        let id = PaymentId::from_u128(u128::from(ROWS - number));
        Payment::new(id, tenant, input, NOW.minus(Duration::from_millis(number + 1)))
    }
}

#[async_trait]
impl Payments for Many {
    async fn get(&self, _: TenantId, _: PaymentId, _: Consistency) -> Result<Option<Payment>, PortError> {
        Ok(None)
    }

    async fn get_many(&self, _: TenantId, _: &BTreeSet<PaymentId>, _: Consistency) -> Result<Vec<Payment>, PortError> {
        Ok(Vec::new())
    }

    async fn list(
        &self,
        tenant: TenantId,
        _: &PaymentFilter,
        page: PageRequest<PaymentId>,
        consistency: Consistency,
    ) -> Result<Page<Payment, PaymentId>, PortError> {
        assert_eq!(consistency, Consistency::Strong, "what a report leaves out is left out for good");
        let limit = page.limit.get() as u64;
        let from = self.listed.fetch_add(limit, Ordering::Relaxed);
        let items: Vec<Payment> =
            (from..(from + limit).min(ROWS)).map(|number| Self::payment(tenant, number)).collect();
        let next = items.last().map(|payment| payment.id).filter(|_| from + limit < ROWS);
        Ok(Page { items, next })
    }
}

/// Takes parts and keeps their sizes.
#[derive(Default)]
struct Sizes(AtomicU64);

#[async_trait]
impl BlobParts for Sizes {
    async fn begin(&self, _: BlobKey, _: &str) -> Result<String, PortError> {
        Ok("upload".to_owned())
    }

    async fn put_part(&self, _: BlobKey, _: &str, number: u32, bytes: Vec<u8>) -> Result<Option<String>, PortError> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Some(number.to_string()))
    }

    async fn complete(&self, _: BlobKey, _: &str, _: &[String]) -> Result<bool, PortError> {
        Ok(true)
    }
}

fn resident_kilobytes(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse().unwrap_or_default()
}

#[test]
#[ignore = "is about the process: see the head of the file"]
fn a_million_rows_take_the_memory_of_a_part() {
    let (clock, random) = (Clock::at(NOW), Random::seeded(1));
    let mint = Mint { clock: &clock, random: &random };
    let store = Store::new(Faults::none());
    let blobs = Blobs::new(clock.clone(), Faults::none());
    let (many, sizes) = (Many { listed: AtomicU64::new(0) }, Sizes::default());
    let tenant = mint.id();
    let report = Report {
        kind: ReportKind::Payments,
        from: Timestamp::from_ms(0),
        to: NOW,
        format: ReportFormat::Csv,
        currency: None,
    };
    let job = Job::new(mint.id(), tenant, Task::Report(report), clock.now());
    let id = job.id;
    let changes = vec![PlatformChange::CreateJob(job)];
    run(store.commit(Commit { tenant, record: None, changes, events: Vec::new(), now: NOW })).expect("nothing fails");
    let terms =
        ModelTerms { input_cents: 0, output_cents: 0, context_tokens: 0, output_tokens: 0, cap: Spending::default() };
    let running = Running {
        looking: Looking { platform: &store, jobs: &store },
        blobs: &blobs,
        parts: &sizes,
        sources: Sources { payments: &many, accounts: &store, wallets: &store, rows: &store },
        tenants: &store,
        print: |_| Err(Unprintable("nothing is printed here".to_owned())),
        extracting: Extracting { extractor: None, files: &store, allowances: &store, terms },
        part_bytes: PART_BYTES,
        patience: Duration::from_secs(150),
    };
    let context = Context { mint, origin: Origin::default() };
    let notice = Notice::from(&context.event(tenant, EventType::JobCreated, id, String::new()));
    let before = resident_kilobytes("VmRSS");
    run(process(&context, running, &notice)).expect("it is made");
    let most = resident_kilobytes("VmHWM");
    let done = run(Jobs::get(&store, tenant, id, Consistency::Strong)).expect("read").expect("it is there");
    assert_eq!(done.status, JobStatus::Succeeded);
    let Some(JobResult::Object(result)) = done.result else { panic!("no object: {done:?}") };
    assert_eq!((result.rows, result.bytes), (ROWS, sizes.0.load(Ordering::Relaxed)));
    let bytes = result.bytes;
    eprintln!("{ROWS} rows, {bytes} bytes: {before} kB before, {most} kB at the most");
    assert!(most < 128 * 1024, "{most} kB");
}
