//! Schedules.

use std::time::Duration;

use domain::ids::{ScheduleId, TenantId};
use domain::job::Priority;
use domain::schedule::{Occurrence, Period, RecurringReport, Schedule, ScheduleChange, ScheduleStatus};
use domain::task::{ReportFormat, ReportKind};
use domain::text::Description;
use domain::time::Timestamp;
use domain::zone::Zone;
use ports::clock::Clock as _;
use ports::commerce::Consistency;
use ports::platform::PlatformChange;

use crate::builders::{currency, job, schedule};

use crate::pages::assert_lists;
use crate::platform::{Outcome, changes, commit, write};
use crate::{PlatformTable, World};

async fn create(table: PlatformTable<'_>, schedule: &Schedule, now: Timestamp) {
    write(table.platform, changes(schedule.tenant, [PlatformChange::CreateSchedule(schedule.clone())], now)).await;
}

async fn stored(table: PlatformTable<'_>, tenant: TenantId, id: ScheduleId) -> Option<Schedule> {
    table.schedules.get(tenant, id, Consistency::Strong).await.expect("a schedule is read")
}

fn paused(schedule: &Schedule, now: Timestamp) -> Schedule {
    let pause = ScheduleChange { status: Some(ScheduleStatus::Paused), ..ScheduleChange::default() };
    schedule.change(pause, now).expect("a change")
}

pub async fn every_field_of_a_schedule_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint, now) = (world.tenant(), world.mint(), world.now());
    let plain = schedule(tenant, mint);
    let change = ScheduleChange {
        zone: Zone::parse("America/Argentina/Buenos_Aires").ok(),
        report: Some(RecurringReport {
            kind: ReportKind::Ledger,
            period: Period::MonthToDate,
            format: ReportFormat::Pdf,
            currency: Some(currency("KWD")),
        }),
        priority: Some(Priority::Low),
        description: Some(Description::parse("Für die Buchhaltung").ok()),
        ..ScheduleChange::default()
    };
    let rich = plain.change(change, now).expect("a change");
    let paused = paused(&plain, now.plus(Duration::from_millis(1)));
    let occurred = plain.occurred(plain.next_at.expect("it occurs"), mint.id(), now);
    for expected in [plain, rich, paused, occurred] {
        let expected = Schedule { id: world.id(), ..expected };
        create(table, &expected, now).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
    }
}

pub async fn a_schedule_is_changed_and_deleted_by_its_version_alone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = schedule(tenant, world.mint());
    create(table, &first, now).await;
    let one = async |change| commit(table.platform, changes(tenant, [change], now)).await;
    assert_eq!(one(PlatformChange::CreateSchedule(first.clone())).await, Outcome::Stale);
    let urgent = ScheduleChange { priority: Some(Priority::High), ..ScheduleChange::default() };
    let next = first.change(urgent, now).expect("a change");
    assert_eq!(one(PlatformChange::UpdateSchedule(next.clone())).await, Outcome::Done);
    assert_eq!(one(PlatformChange::UpdateSchedule(next.clone())).await, Outcome::Stale);
    assert_eq!(one(PlatformChange::DeleteSchedule(first.clone())).await, Outcome::Stale);
    assert_eq!(stored(table, tenant, first.id).await.as_ref(), Some(&next));
    assert_eq!(one(PlatformChange::DeleteSchedule(next.clone())).await, Outcome::Done);
    assert_eq!(stored(table, tenant, first.id).await, None);
    assert_eq!(one(PlatformChange::DeleteSchedule(next.clone())).await, Outcome::Stale);
    assert_eq!(one(PlatformChange::UpdateSchedule(Schedule { version: 3, ..next })).await, Outcome::Stale);
}

/// The job of an occurrence and the next occurrence, or neither.
pub async fn an_occurrence_has_its_job_once(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = schedule(tenant, world.mint());
    create(table, &first, now).await;
    let at = first.next_at.expect("it occurs");
    let mut made = Vec::new();
    for expected in [Outcome::Done, Outcome::Stale] {
        let mut job = job(tenant, world.mint());
        job.occurrence = Some(Occurrence { schedule: first.id, at });
        let next = first.occurred(at, job.id, now);
        let both = [PlatformChange::UpdateSchedule(next), PlatformChange::CreateJob(job.clone())];
        assert_eq!(commit(table.platform, changes(tenant, both, now)).await, expected);
        made.push(job);
    }
    let read = async |id| table.jobs.get(tenant, id, Consistency::Strong).await.expect("a job is read");
    assert_eq!(read(made[0].id).await.as_ref(), Some(&made[0]));
    assert_eq!(read(made[1].id).await, None);
}

pub async fn schedules_come_newest_first(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut schedules = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_millis(1));
        let schedule = schedule(tenant, world.mint());
        create(table, &schedule, world.now()).await;
        schedules.push(schedule);
    }
    schedules.reverse();
    assert_lists("schedules", &schedules, async |page| table.schedules.list(tenant, page).await).await;
}

pub async fn schedules_are_due_from_their_check_at(table: PlatformTable<'_>, seed: u128) {
    const MANY: usize = 1_000;
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let due_one = schedule(tenant, world.mint());
    let paused = paused(&schedule(tenant, world.mint()), now);
    create(table, &due_one, now).await;
    create(table, &Schedule { version: 1, ..paused }, now).await;
    let due = async |at: Timestamp| {
        let found = table.schedules.due(at, MANY).await.expect("due schedules are read");
        found.into_iter().filter(|(of, _)| *of == tenant).map(|(_, id)| id).collect::<Vec<_>>()
    };
    let check_at = due_one.check_at().expect("it occurs");
    assert_eq!(due(check_at.minus(Duration::from_millis(1))).await, []);
    assert_eq!(due(check_at).await, [due_one.id]);
    let next = due_one.occurred(due_one.next_at.expect("it occurs"), world.id(), now);
    write(table.platform, changes(tenant, [PlatformChange::UpdateSchedule(next)], now)).await;
    assert_eq!(due(check_at).await, []);
}
