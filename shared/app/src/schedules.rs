//! Schedules as the API sees them, and what the sweeper makes of those that are due: the job of an occurrence and the next
//! occurrence are one commit, so that each occurrence has one job, whoever looks, and however often.

use api::Shown as JobShown;
use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{ScheduleId, TenantId};
use domain::job::{Job, Plan};
use domain::page::{Limit, Page, PageRequest};
use domain::schedule::{Due, NewSchedule, Occurrence, SCHEDULES_MAX, Schedule, ScheduleChange, TooManySchedules};
use domain::task::Task;
use ports::commerce::{Commit, Consistency};
use ports::platform::{Platform, PlatformChange, PlatformCommit, Schedules};

use crate::commit;
use crate::read::Shown;
use crate::revise::{Changing, change, expect_version};
use crate::work::{Settled, WorkError, platform_settled};
use crate::{Context, Error, Outcome};

const NOUN: &str = "schedule";
/// Of one look at a schedule. What is left comes with the next.
const OCCURRENCES_PER_LOOK: usize = 24;
/// Of one sweep: many tenants' months begin at the same minute.
pub(crate) const PER_RUN: usize = 1_000;

#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub platform: &'a dyn Platform,
    pub schedules: &'a dyn Schedules,
}

pub async fn create(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    input: NewSchedule,
) -> Result<Outcome, Error> {
    let Stores { platform, schedules } = stores;
    let now = context.now();
    let present = schedules.list(tenant, PageRequest { limit: Limit::LARGEST, after: None }).await?;
    if present.items.len() >= SCHEDULES_MAX {
        let refusal = Error::TooManySchedules(TooManySchedules);
        return commit::refused(platform, tenant, claim.as_ref(), refusal, now).await;
    }
    let schedule = Schedule::new(context.id(), tenant, input, now);
    let location = Some(format!("{}/schedules/{}", api::BASE_PATH, schedule.id));
    let answer = Answer { status: 201, location, body: api::schedule(&schedule) };
    let events = vec![context.event(tenant, EventType::ScheduleCreated, schedule.id, answer.body.clone())];
    let record = commit::record(claim.as_ref(), &answer, now);
    let changes = vec![PlatformChange::CreateSchedule(schedule)];
    commit::answer(platform, Commit { tenant, record, changes, events, now }, answer).await
}

pub async fn get(schedules: &dyn Schedules, tenant: TenantId, id: ScheduleId) -> Result<Shown, Error> {
    Ok(shown(&read(schedules, tenant, id).await?))
}

pub async fn list(
    schedules: &dyn Schedules,
    tenant: TenantId,
    page: PageRequest<ScheduleId>,
) -> Result<Page<Schedule, ScheduleId>, Error> {
    Ok(schedules.list(tenant, page).await?)
}

/// `expected_version` is the client's `If-Match`.
pub async fn update(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: ScheduleId,
    wanted: ScheduleChange,
    expected_version: Option<u64>,
) -> Result<Shown, Error> {
    let read = async || read(stores.schedules, tenant, id).await;
    change(Changing { context, store: stores.platform, tenant }, read, |schedule, now| {
        expect_version(expected_version, schedule.version)?;
        let Some(next) = schedule.change(wanted.clone(), now) else { return Ok((None, shown(schedule))) };
        let shown = shown(&next);
        let event = context.event(tenant, EventType::ScheduleUpdated, id, shown.body.clone());
        Ok((Some((PlatformChange::UpdateSchedule(next), Some(event))), shown))
    })
    .await
}

/// The jobs that it has asked for go on.
pub async fn delete(context: &Context<'_>, stores: Stores<'_>, tenant: TenantId, id: ScheduleId) -> Result<(), Error> {
    let read = async || read(stores.schedules, tenant, id).await;
    change(Changing { context, store: stores.platform, tenant }, read, |schedule, _| {
        let event = context.event(tenant, EventType::ScheduleDeleted, id, api::schedule(schedule));
        Ok((Some((PlatformChange::DeleteSchedule(schedule.clone()), Some(event))), ()))
    })
    .await
}

/// A schedule that is due: a job for each occurrence that has none, the oldest first.
pub async fn look(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: ScheduleId,
) -> Result<(), WorkError> {
    let read = async || stores.schedules.get(tenant, id, Consistency::Strong).await;
    let mut found = read().await?;
    for _ in 0..OCCURRENCES_PER_LOOK {
        let Some(schedule) = found else { return Ok(()) };
        let now = context.now();
        let (next, job) = match schedule.due(now) {
            Due::Nothing => return Ok(()),
            Due::Moved(next_at) => (schedule.moved(next_at, now), None),
            Due::At(at) => {
                let occurrence = Some(Occurrence { schedule: id, at });
                let plan = Plan { priority: schedule.priority, run_at: None };
                let task = Task::Report(schedule.report_at(at));
                let job = Job { occurrence, ..Job::new(context.id(), tenant, task, now).planned(plan) };
                (schedule.occurred(at, job.id, now), Some(job))
            }
        };
        let created =
            |job: &Job| context.event(tenant, EventType::JobCreated, job.id, api::job(job, JobShown::Outline));
        let events = job.iter().map(created).collect();
        let moved_on = PlatformChange::UpdateSchedule(next.clone());
        let changes = std::iter::once(moved_on).chain(job.map(PlatformChange::CreateJob)).collect();
        let commit = PlatformCommit { tenant, record: None, changes, events, now };
        found = match platform_settled(stores.platform.commit(commit).await)? {
            Settled::Done => Some(next),
            // Somebody was first: what is due now is seen anew.
            Settled::ReadAgain => read().await?,
        };
    }
    Ok(())
}

async fn read(schedules: &dyn Schedules, tenant: TenantId, id: ScheduleId) -> Result<Schedule, Error> {
    schedules.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound(NOUN))
}

fn shown(schedule: &Schedule) -> Shown {
    Shown { version: schedule.version, body: api::schedule(schedule) }
}
