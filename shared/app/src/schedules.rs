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
use ports::platform::{Platform, PlatformChange, PlatformCommit, PlatformError, Schedules};

use crate::commit::{self, TRIES};
use crate::read::Shown;
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
    change: ScheduleChange,
    expected_version: Option<u64>,
) -> Result<Shown, Error> {
    revise(context, stores, tenant, id, EventType::ScheduleUpdated, |schedule| {
        if expected_version.is_some_and(|expected| expected != schedule.version) {
            return Err(Error::PreconditionFailed);
        }
        let next = schedule.change(change.clone(), context.now());
        let shown = shown(next.as_ref().unwrap_or(schedule));
        Ok((next.map(PlatformChange::UpdateSchedule), shown))
    })
    .await
}

/// The jobs that it has asked for go on.
pub async fn delete(context: &Context<'_>, stores: Stores<'_>, tenant: TenantId, id: ScheduleId) -> Result<(), Error> {
    let delete = |schedule: &Schedule| Ok((Some(PlatformChange::DeleteSchedule(schedule.clone())), shown(schedule)));
    revise(context, stores, tenant, id, EventType::ScheduleDeleted, delete).await.map(|_| ())
}

/// A schedule that is due: a job for each occurrence that has none, the oldest first.
pub async fn look(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: ScheduleId,
) -> Result<(), WorkError> {
    for _ in 0..OCCURRENCES_PER_LOOK {
        let Some(schedule) = stores.schedules.get(tenant, id, Consistency::Strong).await? else { return Ok(()) };
        let now = context.now();
        let (changes, events) = match schedule.due(now) {
            Due::Nothing => return Ok(()),
            Due::Moved(next_at) => (vec![PlatformChange::UpdateSchedule(schedule.moved(next_at, now))], Vec::new()),
            Due::At(at) => {
                let occurrence = Some(Occurrence { schedule: id, at });
                let plan = Plan { priority: schedule.priority, run_at: None };
                let task = Task::Report(schedule.report_at(at));
                let job = Job { occurrence, ..Job::new(context.id(), tenant, task, now).planned(plan) };
                let created = context.event(tenant, EventType::JobCreated, job.id, api::job(&job, JobShown::Outline));
                let next = schedule.occurred(at, job.id, now);
                (vec![PlatformChange::UpdateSchedule(next), PlatformChange::CreateJob(job)], vec![created])
            }
        };
        let commit = PlatformCommit { tenant, record: None, changes, events, now };
        match platform_settled(stores.platform.commit(commit).await)? {
            // Somebody was first: what is due now is seen anew.
            Settled::Done | Settled::ReadAgain => {}
        }
    }
    Ok(())
}

/// Reads, decides and commits, where something is to change; and from the read again when somebody else was first.
async fn revise(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    id: ScheduleId,
    event: EventType,
    decide: impl Fn(&Schedule) -> Result<(Option<PlatformChange>, Shown), Error>,
) -> Result<Shown, Error> {
    for _ in 0..TRIES {
        let schedule = read(stores.schedules, tenant, id).await?;
        let (change, shown) = decide(&schedule)?;
        let Some(change) = change else { return Ok(shown) };
        let events = vec![context.event(tenant, event, id, shown.body.clone())];
        let commit = PlatformCommit { tenant, record: None, changes: vec![change], events, now: context.now() };
        match stores.platform.commit(commit).await {
            Ok(()) => return Ok(shown),
            Err(PlatformError::Stale | PlatformError::Contended) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::InFlight)
}

async fn read(schedules: &dyn Schedules, tenant: TenantId, id: ScheduleId) -> Result<Schedule, Error> {
    schedules.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound(NOUN))
}

fn shown(schedule: &Schedule) -> Shown {
    Shown { version: schedule.version, body: api::schedule(schedule) }
}
