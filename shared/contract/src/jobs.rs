//! Reading jobs: by id, newest first, by status, by when they are due.

use std::time::Duration;

use domain::ids::{JobId, TenantId};
use domain::invoice::{Claim, ClaimedLine, Invoice};
use domain::job::{Job, JobFault, JobResult, JobStatus, LEASE, ResultObject, Taking, WAITS_AT_MOST};
use domain::task::{Extraction, ReportKind, Task};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::PlatformChange;

use crate::builders::{currency, job};
use crate::pages::assert_lists;
use crate::platform::{Outcome, changes, commit, write};
use crate::{PlatformTable, World};

async fn create(table: PlatformTable<'_>, jobs: &[Job], now: Timestamp) {
    for job in jobs {
        write(table.platform, changes(job.tenant, [PlatformChange::CreateJob(job.clone())], now)).await;
    }
}

async fn stored(table: PlatformTable<'_>, tenant: TenantId, id: JobId) -> Option<Job> {
    table.jobs.get(tenant, id, Consistency::Strong).await.expect("a job is read")
}

fn taken(job: &Job, now: Timestamp) -> Job {
    match job.take(now) {
        Taking::Work(job) => job,
        Taking::End(_) | Taking::Leave => panic!("a new job can be taken"),
    }
}

fn invoice() -> Invoice {
    let line = |quantity: &str, unit_amount: &str, amount: &str| ClaimedLine {
        description: "Grüner Tee".to_owned(),
        quantity: quantity.to_owned(),
        unit_amount: unit_amount.to_owned(),
        amount: amount.to_owned(),
    };
    let claim = Claim {
        supplier: "Tee & Söhne".to_owned(),
        date: "2026-02-28".to_owned(),
        currency: "KWD".to_owned(),
        lines: vec![line("0.125", "8.000", "1.000"), line("1", "-0.500", "-0.500")],
        total_amount: "0.500".to_owned(),
    };
    Invoice::believe(&claim).expect("it adds up")
}

pub async fn every_field_of_a_job_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint, now) = (world.tenant(), world.mint(), world.now());
    let queued = job(tenant, mint);
    let running = taken(&job(tenant, mint), now).advance(7, Some("{\"after\":\"ü\"}".to_owned()), now);
    let unwanted = running.cancel(now).expect("it runs");
    let object = ResultObject { object: 3, rows: u64::from(u32::MAX), bytes: 0 };
    let succeeded = running.succeed(JobResult::Object(object), now);
    let read = running.succeed(JobResult::Invoice(invoice()), now);
    let faults = JobFault::ALL.iter().map(|fault| running.fail(*fault, now));
    let mut ledger = job(tenant, mint);
    if let Task::Report(report) = &mut ledger.task {
        report.kind = ReportKind::Ledger;
        report.currency = Some(currency("EUR"));
    }
    let extraction = Job { task: Task::Extraction(Extraction { file: mint.id() }), ..job(tenant, mint) };
    for expected in [queued, running.clone(), unwanted, succeeded, read, ledger, extraction].into_iter().chain(faults) {
        let expected = Job { id: world.id(), ..expected };
        create(table, std::slice::from_ref(&expected), now).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
    }
}

pub async fn a_job_is_changed_by_its_version_alone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = job(tenant, world.mint());
    create(table, std::slice::from_ref(&first), now).await;
    let one = |change| changes(tenant, [change], now);
    assert_eq!(commit(table.platform, one(PlatformChange::CreateJob(first.clone()))).await, Outcome::Stale);
    let next = taken(&first, now);
    write(table.platform, one(PlatformChange::UpdateJob(next.clone()))).await;
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateJob(next.clone()))).await, Outcome::Stale);
    let of_nobody = Job { id: world.id(), ..next.clone() };
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateJob(of_nobody))).await, Outcome::Stale);
    assert_eq!(stored(table, tenant, first.id).await, Some(next));
}

pub async fn jobs_come_newest_first_and_by_status(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut jobs = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_millis(1));
        jobs.push(job(tenant, world.mint()));
    }
    create(table, &jobs, world.now()).await;
    jobs[1] = taken(&jobs[1], world.now());
    write(table.platform, changes(tenant, [PlatformChange::UpdateJob(jobs[1].clone())], world.now())).await;
    jobs.reverse();
    assert_lists("jobs", &jobs, async |page| table.jobs.list(tenant, None, page).await).await;
    for status in JobStatus::ALL {
        let expected: Vec<Job> = jobs.iter().filter(|job| job.status == *status).cloned().collect();
        let list = async |page| table.jobs.list(tenant, Some(*status), page).await;
        assert_lists("jobs of a status", &expected, list).await;
    }
}

pub async fn jobs_are_due_from_their_check_at(table: PlatformTable<'_>, seed: u128) {
    const MANY: usize = 1_000;
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let queued = job(tenant, world.mint());
    let running = taken(&job(tenant, world.mint()), now);
    let ended = job(tenant, world.mint()).cancel(now).expect("it is queued");
    create(table, &[queued.clone(), running.clone(), ended], now).await;
    let due = async |at: Timestamp| {
        let found = table.jobs.due(at, MANY).await.expect("due jobs are read");
        found.into_iter().filter(|(of, _)| *of == tenant).map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(due(now.plus(LEASE).minus(Duration::from_millis(1))).await, []);
    assert_eq!(due(now.plus(LEASE)).await, [running.id]);
    assert_eq!(due(now.plus(WAITS_AT_MOST)).await, [running.id, queued.id]);
}
