//! Letting a world come to rest: everything that waits is delivered and worked on, and then time passes, with a sweep each
//! minute, until nothing is left to be done.

use std::time::Duration;

use app::platform_sweep;
use app::sweep::Swept;
use app::webhooks::Waking;
use domain::event::Queue;
use domain::file::{File, FileStatus};
use domain::ids::TenantId;
use domain::job::{Job, JobStatus};
use domain::payment::PaymentStatus;
use domain::schedule::Due;
use ledger_verify::Ended;
use memory::Contents;
use ports::PortError;
use ports::blobs::BlobKey;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use crate::stream::Consumer;
use crate::tasks::run;
use crate::world::World;

const SWEEPS_EACH: Duration = Duration::from_secs(60);
/// Beyond the longest wait of a message with many failures behind it.
const MINUTES_MAX: usize = 90;

impl World {
    /// The sweeper's real step.
    pub async fn sweep_step(&self) -> Result<Swept, PortError> {
        payments_sweep::step(payments_sweep::Deps { mint: self.mint(), sweeping: self.sweeping() }).await
    }

    pub fn sweep(&self) -> Result<Swept, PortError> {
        run(self.sweep_step())
    }

    /// The real step of the platform's sweeper.
    pub async fn platform_sweep_step(&self) -> Result<Swept, PortError> {
        let sweeping = platform_sweep::Sweeping {
            ingesting: self.ingesting(),
            jobs: self.looking_at_jobs(),
            schedules: self.schedule_stores(),
        };
        ::platform_sweep::step(::platform_sweep::Deps { mint: self.mint(), sweeping }).await
    }

    pub fn platform_sweep(&self) -> Result<Swept, PortError> {
        run(self.platform_sweep_step())
    }

    /// The real step of webhooks-due.
    pub async fn wake_step(&self) -> Result<Swept, PortError> {
        let waking = Waking { deliveries: self.store.as_ref(), queues: self.wiring.queues.as_ref() };
        webhooks_due::step(webhooks_due::Deps { mint: self.mint(), waking }).await
    }

    /// The real step of ledger-verify: of the schedule, or what somebody asks it for.
    pub async fn verify_step(&self, event: &Value) -> Result<Ended, PortError> {
        ledger_verify::step(ledger_verify::Deps { mint: self.mint(), verifying: self.verifying() }, event).await
    }

    pub fn verify(&self, event: &Value) -> Result<Ended, PortError> {
        run(self.verify_step(event))
    }

    /// The real step of fees-update, as an operator asks it.
    pub fn set_fees(&self, question: &Value) -> Value {
        let (fees, tenants) = (self.store.as_ref(), self.store.as_ref());
        let deps = ::fees_update::Deps { mint: self.mint(), fees, tenants };
        run(::fees_update::step(deps, question)).expect("nothing fails")
    }

    /// What a verification of a tenant's ledger names, in words.
    pub fn ledger_faults(&self, tenant: TenantId) -> Vec<String> {
        let mut event = json!({ "ledger": "verify", "tenant": tenant.to_string() });
        loop {
            let answer = self.verify(&event).expect("nothing fails").answer;
            if answer["done"] == true {
                let faults = answer["faults"].as_array().into_iter().flatten();
                return faults.map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect();
            }
            event["progress"] = answer["progress"].clone();
        }
    }

    /// A minute passes; the sweepers and the verification of ledgers run.
    pub fn minute(&self) {
        self.clock.advance(SWEEPS_EACH);
        // A sweep or a verification that fails leaves its work to the next one.
        drop(self.sweep());
        drop(self.platform_sweep());
        drop(run(self.wake_step()));
        drop(self.verify(&Value::Null));
    }

    /// Delivers and works on whatever waits at this moment, until nothing more comes of it or it keeps failing.
    pub fn settle(&self) {
        loop {
            let streamed = Consumer::ALL.into_iter().filter(|consumer| self.waiting(*consumer) > 0);
            let taken = streamed.filter(|consumer| self.deliver(*consumer)).count();
            let worked: usize = Queue::ALL.into_iter().map(|queue| self.work(queue).len()).sum();
            let ingested = self.ingest();
            if taken + worked + ingested == 0 {
                return;
            }
        }
    }

    /// As [`World::settle`], with time passing until nothing is left. What waits for a customer may.
    pub fn run_until_quiet(&self) {
        if let Err(left) = self.come_to_rest() {
            panic!("{left}");
        }
    }

    /// The same; `Err` says what is left.
    pub(crate) fn come_to_rest(&self) -> Result<(), String> {
        for _ in 0..MINUTES_MAX {
            self.settle();
            if self.left_to_do().is_empty() {
                return Ok(());
            }
            self.minute();
        }
        Err(format!("after {MINUTES_MAX} minutes there is still: {}", self.left_to_do().join(", ")))
    }

    /// A webhook that is tried again may wait for a day, a socket is looked at each minute: what waits by itself is no work.
    fn has_work(&self, queue: Queue) -> bool {
        match queue {
            Queue::Webhooks | Queue::Realtime => self.queues.in_sight(queue) > 0,
            Queue::Payments
            | Queue::Refunds
            | Queue::Providers
            | Queue::Statements
            | Queue::Files
            | Queue::Jobs
            | Queue::Receipts
            | Queue::Notifications => !self.queues.is_empty(queue),
        }
    }

    /// It waits until its tenant wants it.
    fn is_paused(&self, job: &Job) -> bool {
        job.status == JobStatus::Queued && self.store.is_paused(job.tenant)
    }

    /// What keeps the world from being quiet, in words.
    pub fn left_to_do(&self) -> Vec<String> {
        let contents = self.store.contents();
        let Contents { payments, refunds, disputes, statements, unpublished, transactions, marks, files, jobs, .. } =
            contents;
        let mut left: Vec<String> = Vec::new();
        left.extend(
            Consumer::ALL.into_iter().filter(|consumer| self.waiting(*consumer) > 0).map(|it| format!("{it:?}")),
        );
        left.extend(Queue::ALL.into_iter().filter(|queue| self.has_work(*queue)).map(|it| format!("{it:?} queue")));
        left.extend(unpublished.iter().map(|event| format!("{event} unpublished")));
        if transactions.len() > marks.len() {
            left.push(format!(
                "{} of {} transactions in no block",
                transactions.len() - marks.len(),
                transactions.len()
            ));
        }
        let open = payments.iter().filter(|payment| payment.status == PaymentStatus::Processing);
        left.extend(open.map(|payment| format!("{} processing", payment.id)));
        let asked_after = payments.iter().filter(|payment| payment.check_at.is_some() && !payment.status.is_open());
        left.extend(asked_after.map(|payment| format!("{} is final and asked after", payment.id)));
        left.extend(
            refunds.iter().filter(|refund| refund.check_at.is_some()).map(|it| format!("{} processing", it.id)),
        );
        left.extend(statements.iter().filter(|it| it.check_at.is_some()).map(|it| format!("{} processing", it.id)));
        left.extend(disputes.iter().filter(|it| it.to_send().is_some()).map(|it| format!("{} to be answered", it.id)));
        left.extend(
            jobs.iter()
                .filter(|job| !job.status.has_ended() && !self.is_paused(job))
                .map(|job| format!("{} {}", job.id, job.status.as_str())),
        );
        let waiting = |file: &File| {
            let has_come = || self.blobs.bytes_of(BlobKey::upload(file.tenant, file.id)).is_some();
            file.check_at.is_some() && (file.status != FileStatus::Pending || has_come())
        };
        left.extend(files.iter().filter(|file| waiting(file)).map(|file| format!("{} to be looked at", file.id)));
        let now = self.clock.now();
        let occurring = contents.schedules.iter().filter(|schedule| schedule.due(now) != Due::Nothing);
        left.extend(occurring.map(|schedule| format!("{} occurs", schedule.id)));
        let asked_after = disputes.iter().filter(|it| it.check_at.is_some() && !it.status.is_open());
        left.extend(asked_after.map(|dispute| format!("{} is final and asked after", dispute.id)));
        left
    }
}
