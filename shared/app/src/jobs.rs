//! Jobs as the API sees them: asked for, listed, read, cancelled, asked for again. The work is `run_job`'s.

use std::time::Duration;

use api::Shown;
use domain::event::EventType;
use domain::file::FileName;
use domain::idempotency::{Answer, Claim};
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobResult, JobStatus, Plan, Priority};
use domain::page::{Page, PageRequest};
use domain::task::Task;
use ports::blobs::{BlobKey, Blobs};
use ports::commerce::{Commit, Consistency};
use ports::platform::{Jobs, Line, Platform, PlatformChange};

use crate::commit;
use crate::revise::{Revising, Revision, revise};
use crate::{Context, Error, Outcome};

/// How long the link to a result works.
pub const RESULT_WITHIN: Duration = Duration::from_secs(15 * 60);

pub async fn create(
    context: &Context<'_>,
    platform: &dyn Platform,
    tenant: TenantId,
    claim: Option<Claim>,
    task: Task,
    plan: Plan,
) -> Result<Outcome, Error> {
    let now = context.now();
    let job = Job::new(context.id(), tenant, task, now).planned(plan);
    let body = api::job(&job, Shown::Outline);
    let answer = Answer { status: 202, location: Some(location(job.id)), body: body.clone() };
    let events = vec![context.event(tenant, EventType::JobCreated, job.id, body)];
    let record = commit::record(claim.as_ref(), &answer, now);
    let commit = Commit { tenant, record, changes: vec![PlatformChange::CreateJob(job)], events, now };
    commit::answer(platform, commit, answer).await
}

/// The job's JSON, with where its result is once there is one.
pub async fn get(
    context: &Context<'_>,
    jobs: &dyn Jobs,
    blobs: &dyn Blobs,
    tenant: TenantId,
    id: JobId,
) -> Result<String, Error> {
    let found = match jobs.get(tenant, id, Consistency::Eventual).await? {
        Some(job) => Some(job),
        None => jobs.get(tenant, id, Consistency::Strong).await?,
    };
    let job = found.ok_or(Error::NotFound("job"))?;
    let (Some(JobResult::Object(result)), Task::Report(report)) = (&job.result, &job.task) else {
        return Ok(api::job(&job, Shown::Whole { link: None }));
    };
    let key = BlobKey::report(tenant, id, result.object);
    let name = format!("{}-{id}.{}", report.kind.as_str(), report.format.as_str());
    let name = FileName::parse(&name).map_err(|invalid| Error::Invalid(vec![invalid.at("name")]))?;
    let link = blobs.download_link(key, &name, report.format.content_type(), context.now(), RESULT_WITHIN).await?;
    Ok(api::job(&job, Shown::Whole { link: Some((&link.url, link.expires_at)) }))
}

pub async fn list(
    jobs: &dyn Jobs,
    tenant: TenantId,
    status: Option<JobStatus>,
    page: PageRequest<JobId>,
) -> Result<Page<Job, JobId>, Error> {
    Ok(jobs.list(tenant, status, page).await?)
}

/// What a client may still do to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Cancel,
    Retry,
}

/// The ports that a change of a job needs.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub platform: &'a dyn Platform,
    pub jobs: &'a dyn Jobs,
}

pub async fn take_step(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: JobId,
    step: Step,
) -> Result<Outcome, Error> {
    let Stores { platform, jobs } = stores;
    let read = async || jobs.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("job"));
    revise(Revising { context, store: platform, tenant, claim: claim.as_ref() }, read, |job, now| {
        let next = match step {
            Step::Cancel => job.cancel(now),
            Step::Retry => job.retry(now),
        };
        let next = next.map_err(Error::Job)?;
        let event = match (step, next.status) {
            (Step::Retry, _) => EventType::JobRetried,
            (Step::Cancel, JobStatus::Cancelled) => EventType::JobCancelled,
            (Step::Cancel, _) => EventType::JobCancelRequested,
        };
        let body = api::job(&next, Shown::Outline);
        Ok(Revision {
            change: PlatformChange::UpdateJob(next),
            event,
            subject: id.to_string(),
            answer: Answer { status: 202, location: Some(location(id)), body },
            cached: None,
        })
    })
    .await
}

/// Whether a tenant's jobs begin.
pub async fn line(jobs: &dyn Jobs, tenant: TenantId) -> Result<Line, Error> {
    Ok(jobs.line(tenant).await?)
}

/// From now on none of the tenant's jobs begins, or they do again. Those that run go on; those that wait stay where they are,
/// and the first of them are asked for in the commit that lets them begin: each that ends asks for the next.
pub async fn pause(
    context: &Context<'_>,
    stores: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    paused: bool,
) -> Result<Outcome, Error> {
    let Stores { platform, jobs } = stores;
    for _ in 0..commit::TRIES {
        let line = jobs.line(tenant).await?;
        let now = context.now();
        let kind = if paused { EventType::JobsPaused } else { EventType::JobsUnpaused };
        let answer = Answer { status: 200, location: None, body: api::job_line(paused, line.running) };
        let mut events = vec![context.event(tenant, kind, tenant, answer.body.clone())];
        let mut changes = vec![PlatformChange::PauseJobs { tenant, paused }];
        let first = if paused { 0 } else { Priority::High.running_max() };
        for id in line.waiting.into_iter().take(first) {
            let job = jobs.get(tenant, id, Consistency::Strong).await?;
            let Some(job) = job.filter(|job| job.status == JobStatus::Queued) else { continue };
            let asked = job.ask_again(now);
            events.push(context.event(tenant, EventType::JobResumed, id, api::job(&asked, Shown::Outline)));
            changes.push(PlatformChange::UpdateJob(asked));
        }
        let record = commit::record(claim.as_ref(), &answer, now);
        match commit::answer(platform, Commit { tenant, record, changes, events, now }, answer).await {
            Err(Error::InFlight) => {}
            result => return result,
        }
    }
    Err(Error::InFlight)
}

fn location(id: JobId) -> String {
    format!("{}/jobs/{id}", api::BASE_PATH)
}
