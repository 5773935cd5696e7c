//! Reading jobs: by id, newest first, by status, by when they are due.

use std::time::Duration;

use domain::ids::{JobId, TenantId};
use domain::invoice::{Claim, ClaimedLine, Invoice};
use domain::job::{Job, JobFault, JobResult, JobStatus, LEASE, Plan, Priority, ResultObject, Taking, WAITS_AT_MOST};
use domain::schedule::Occurrence;
use domain::task::{Extraction, ReportKind, Task};
use domain::time::Timestamp;
use ports::PortErrorKind;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::{PlatformChange, PlatformError};

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
    let urgent = queued.clone().planned(Plan { priority: Priority::High, run_at: Some(now.plus(LEASE)) });
    let occurrence = Some(Occurrence { schedule: mint.id(), at: now });
    let scheduled = Job { occurrence, ..job(tenant, mint) };
    for expected in [queued, urgent, scheduled, running.clone(), unwanted, succeeded, read, ledger, extraction]
        .into_iter()
        .chain(faults)
    {
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

async fn update(table: PlatformTable<'_>, job: &Job, now: Timestamp) -> Outcome {
    commit(table.platform, changes(job.tenant, [PlatformChange::UpdateJob(job.clone())], now)).await
}

async fn waiting(table: PlatformTable<'_>, tenant: TenantId) -> Vec<JobId> {
    table.jobs.line(tenant).await.expect("a line is read").waiting
}

pub async fn a_line_has_what_waits_the_most_urgent_and_oldest_first(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut jobs = Vec::new();
    for priority in [Priority::Low, Priority::Normal, Priority::High, Priority::Normal, Priority::High] {
        world.advance(Duration::from_millis(1));
        jobs.push(job(tenant, world.mint()).planned(Plan { priority, run_at: None }));
    }
    let now = world.now();
    let run_at = Some(now.plus(LEASE));
    let later = job(tenant, world.mint()).planned(Plan { run_at, ..Plan::default() });
    create(table, &jobs, now).await;
    create(table, std::slice::from_ref(&later), now).await;
    let [low, normal, high, normal_2, high_2] = &jobs[..] else { panic!("five jobs") };
    assert_eq!(waiting(table, tenant).await, [high.id, high_2.id, normal.id, normal_2.id, low.id]);
    assert_eq!(waiting(table, world.tenant()).await, [], "another tenant's");
    let begun = taken(high, now);
    assert_eq!(update(table, &begun, now).await, Outcome::Done);
    assert_eq!(update(table, &normal.cancel(now).expect("it waits"), now).await, Outcome::Done);
    assert_eq!(update(table, &later.look(now.plus(LEASE)).expect("its time has come"), now).await, Outcome::Done);
    let line = table.jobs.line(tenant).await.expect("a line is read");
    assert_eq!((line.running, line.waiting), (1, vec![high_2.id, normal_2.id, later.id, low.id]));
    assert_eq!(update(table, &begun.release("x", now), now).await, Outcome::Done);
    assert_eq!(waiting(table, tenant).await[..2], [high.id, high_2.id], "it is where it was");
}

pub async fn no_more_begin_than_a_line_has_room_for(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let of = |priority| job(tenant, world.mint()).planned(Plan { priority, run_at: None });
    let jobs: Vec<Job> =
        [Priority::Low; 3].into_iter().chain([Priority::Normal; 2]).chain([Priority::High; 2]).map(of).collect();
    create(table, &jobs, now).await;
    let mut outcomes = Vec::new();
    for job in &jobs {
        outcomes.push(update(table, &taken(job, now), now).await);
    }
    let (done, full) = (Outcome::Done, Outcome::LineFull);
    assert_eq!(outcomes, [done.clone(), done.clone(), full.clone(), done.clone(), full.clone(), done.clone(), full]);
    assert_eq!(table.jobs.line(tenant).await.expect("a line is read").running, 4);
    // One that runs may be taken over, and what ends makes room.
    let over = now.plus(LEASE);
    let lost = stored(table, tenant, jobs[0].id).await.expect("it is there");
    let taken_over = taken(&lost, over);
    assert_eq!(update(table, &taken_over, over).await, Outcome::Done);
    assert_eq!(update(table, &taken(&jobs[6], now), now).await, Outcome::LineFull);
    assert_eq!(update(table, &taken_over.fail(JobFault::GivenUp, over), over).await, Outcome::Done);
    assert_eq!(update(table, &taken(&jobs[6], now), now).await, Outcome::Done);
    let stranger = job(world.tenant(), world.mint());
    create(table, std::slice::from_ref(&stranger), now).await;
    assert_eq!(update(table, &taken(&stranger, now), now).await, Outcome::Done, "a tenant's line is its own");
}

pub async fn no_job_begins_in_one_commit_with_another_that_moves(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let [one, two] = [(); 2].map(|()| job(tenant, world.mint()));
    create(table, &[one.clone(), two.clone()], now).await;
    let [begun, also_begun] = [&one, &two].map(|job| taken(job, now));
    for other in [also_begun, two.cancel(now).expect("it waits"), two.ask_again(now)] {
        for pair in [[&begun, &other], [&other, &begun]] {
            let both = pair.map(|job| PlatformChange::UpdateJob(job.clone()));
            match table.platform.commit(changes(tenant, both, now)).await {
                Err(PlatformError::Port(error)) => assert_eq!(error.kind, PortErrorKind::Rejected),
                other => panic!("not refused: {other:?}"),
            }
        }
    }
    assert_eq!(table.jobs.line(tenant).await.expect("a line is read").running, 0);
    let left = [&one, &two].map(|job| PlatformChange::UpdateJob(job.cancel(now).expect("it waits")));
    write(table.platform, changes(tenant, left, now)).await;
}

pub async fn nothing_begins_in_a_line_that_is_paused(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let (running, queued) = (job(tenant, world.mint()), job(tenant, world.mint()));
    create(table, &[running.clone(), queued.clone()], now).await;
    let running = taken(&running, now);
    assert_eq!(update(table, &running, now).await, Outcome::Done);
    let pause = |paused| changes(tenant, [PlatformChange::PauseJobs { tenant, paused }], now);
    write(table.platform, pause(true)).await;
    write(table.platform, pause(true)).await;
    assert_eq!(update(table, &taken(&queued, now), now).await, Outcome::LineFull);
    assert_eq!(update(table, &running.advance(5, None, now), now).await, Outcome::Done, "what runs goes on");
    let line = table.jobs.line(tenant).await.expect("a line is read");
    assert_eq!((line.paused, line.running, line.waiting), (true, 1, vec![queued.id]));
    let asked = queued.ask_again(now);
    let both = [PlatformChange::PauseJobs { tenant, paused: false }, PlatformChange::UpdateJob(asked.clone())];
    write(table.platform, changes(tenant, both, now)).await;
    assert_eq!(update(table, &taken(&asked, now), now).await, Outcome::Done);
}
