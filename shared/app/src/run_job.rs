//! One job, worked on by one worker: taken under a lease, and concluded in one commit. Every write stands on the version that
//! the worker holds. What the work is, is `make_report`'s and `extract`'s matter.

use std::time::Duration;

use domain::event::{EventType, Notice};
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobFault, JobStatus, Place, Taking};
use domain::listing::Listing;
use domain::receipt::Unprintable;
use domain::task::Task;
use domain::time::Timestamp;
use ports::blobs::{BlobParts, Blobs};
use ports::commerce::{Commit, Consistency};
use ports::identity::Tenants;
use ports::platform::{Jobs, Platform, PlatformChange, PlatformCommit, PlatformError};

use crate::extract::Extracting;
use crate::report::Sources;
use crate::work::{Settled, WorkError, platform_settled};
use crate::{Context, extract, make_report};
use api::Shown;

const TRIES: usize = 8;

/// How a listing becomes a document: fonts and pages are no matter of the use case.
pub type Print = fn(&Listing) -> Result<Vec<u8>, Unprintable>;

/// What it takes to see where jobs are.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    pub platform: &'a dyn Platform,
    pub jobs: &'a dyn Jobs,
}

#[derive(Clone, Copy)]
pub struct Running<'a> {
    pub looking: Looking<'a>,
    pub blobs: &'a dyn Blobs,
    pub parts: &'a dyn BlobParts,
    pub sources: Sources<'a>,
    pub tenants: &'a dyn Tenants,
    pub print: Print,
    pub extracting: Extracting<'a>,
    /// What a part has at least: memory holds one of them.
    pub part_bytes: usize,
    /// After so long another worker goes on.
    pub patience: Duration,
}

/// An event has asked for a job: the most urgent of its tenant's that waits is worked on, which may be another one. That one's
/// own message finds this one then.
pub async fn process(context: &Context<'_>, on: Running<'_>, notice: &Notice) -> Result<(), WorkError> {
    let id = notice.subject.parse().map_err(|_| WorkError::Poison("the message names no job".to_owned()))?;
    let Some(job) = take_next(context, on.looking, notice.tenant, id).await? else { return Ok(()) };
    let mut held = Held { job, stop_at: context.now().plus(on.patience) };
    let ended = carry_on(context, on, &mut held).await;
    if held.job.place() == Place::Out {
        wake_next(context, on.looking, notice.tenant).await;
    }
    ended
}

async fn carry_on(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), WorkError> {
    let error = match work(context, on, held).await {
        Ok(()) | Err(Stop::Done) => return Ok(()),
        Err(Stop::Ended(error)) => return Err(error),
        Err(Stop::Failed(error)) => error,
    };
    // Whoever comes next need not wait for the lease to end. Where this fails as well, the sweeper sees to it.
    let next = match &error {
        WorkError::Retry { reason, .. } => held.job.release(reason, context.now()),
        WorkError::Disconnected(_) | WorkError::KeyRefused(_) => {
            held.job.release("a provider cannot be asked", context.now())
        }
        WorkError::Poison(_) => held.job.fail(JobFault::Unreadable, context.now()),
    };
    match write(context, on.looking, &next, event_of(&next)).await {
        Ok(Settled::Done) => held.job = next,
        Ok(Settled::ReadAgain) => {}
        Err(error) => tracing::warn!(error = %error, job_id = %held.job.id, "job not given back"),
    }
    Err(error)
}

/// A job that is due: its time has come, it is asked for again, given to another worker, or ended.
pub async fn look(context: &Context<'_>, on: Looking<'_>, tenant: TenantId, id: JobId) -> Result<(), WorkError> {
    for _ in 0..TRIES {
        let Some(job) = on.jobs.get(tenant, id, Consistency::Strong).await? else { return Ok(()) };
        let Some(next) = job.look(context.now()) else { return Ok(()) };
        let is_asked_for = next.status == JobStatus::Queued && may_be_next(on, &job).await?;
        let event = if is_asked_for { Some(EventType::JobResumed) } else { event_of(&next) };
        match write(context, on, &next, event).await? {
            Settled::Done if next.status.has_ended() => {
                wake_next(context, on, tenant).await;
                return Ok(());
            }
            Settled::Done => return Ok(()),
            // The line is its tenant's other jobs' as well.
            Settled::ReadAgain => {}
        }
    }
    Err(WorkError::contended())
}

/// Whether it is worth asking for: nobody takes a job of a line that is paused, and what ends asks for what is far behind.
async fn may_be_next(on: Looking<'_>, job: &Job) -> Result<bool, WorkError> {
    if job.status != JobStatus::Queued {
        return Ok(true);
    }
    let line = on.jobs.line(job.tenant).await?;
    Ok(!line.paused && line.waiting.contains(&job.id))
}

/// There is room in the tenant's line: the first that waits is asked for. Where this fails, the sweeper does it some minutes
/// later.
async fn wake_next(context: &Context<'_>, on: Looking<'_>, tenant: TenantId) {
    let woken = async {
        let line = on.jobs.line(tenant).await?;
        let Some(first) = line.waiting.first().filter(|_| !line.paused) else { return Ok(()) };
        let job = on.jobs.get(tenant, *first, Consistency::Strong).await?;
        let Some(job) = job.filter(|job| job.status == JobStatus::Queued) else { return Ok(()) };
        // Stale: somebody has it, and asks for the next in turn.
        write(context, on, &job.ask_again(context.now()), Some(EventType::JobResumed)).await?;
        Ok::<(), WorkError>(())
    };
    if let Err(error) = woken.await {
        tracing::warn!(error = %error, "the next job is not asked for");
    }
}

/// What became of a job that was to be taken.
enum Taken {
    By(Box<Job>),
    /// It has ended, is another's, or its time has not come.
    Not,
    /// No more of the tenant's may run now. Whichever leaves the line asks for the next.
    LineFull,
}

/// The first of the tenant's line, under a lease of this worker's. The message's own job comes last: it is in the line as
/// well, unless it was asked for before there were lines.
async fn take_next(
    context: &Context<'_>,
    on: Looking<'_>,
    tenant: TenantId,
    id: JobId,
) -> Result<Option<Job>, WorkError> {
    let waiting = on.jobs.line(tenant).await?.waiting;
    let own = (!waiting.contains(&id)).then_some(id);
    for id in waiting.into_iter().chain(own) {
        match take(context, on, tenant, id).await? {
            Taken::By(job) => return Ok(Some(*job)),
            Taken::Not => {}
            Taken::LineFull => return Ok(None),
        }
    }
    Ok(None)
}

async fn take(context: &Context<'_>, on: Looking<'_>, tenant: TenantId, id: JobId) -> Result<Taken, WorkError> {
    for _ in 0..TRIES {
        let job = on.jobs.get(tenant, id, Consistency::Strong).await?;
        let job = job.ok_or_else(|| WorkError::Poison(format!("there is no job {id}")))?;
        let (next, taken) = match job.take(context.now()) {
            Taking::Leave => return Ok(Taken::Not),
            Taking::End(ended) => (ended, false),
            Taking::Work(taken) => (taken, true),
        };
        let written = on.platform.commit(commit_of(context, &next, event_of(&next), None)).await;
        if matches!(written, Err(PlatformError::LineFull)) {
            return Ok(Taken::LineFull);
        }
        if let Settled::Done = platform_settled(written)? {
            return Ok(if taken { Taken::By(Box::new(next)) } else { Taken::Not });
        }
    }
    Err(WorkError::contended())
}

/// The job as this worker last wrote it.
pub(crate) struct Held {
    pub(crate) job: Job,
    pub(crate) stop_at: Timestamp,
}

/// Why a worker stops before the end.
pub(crate) enum Stop {
    /// The job has ended, is another's now, or is to go on elsewhere: there is nothing left to do here.
    Done,
    /// The job has ended, and its message is to tell why.
    Ended(WorkError),
    Failed(WorkError),
}

impl<E: Into<WorkError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn work(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), Stop> {
    match held.job.task.clone() {
        Task::Report(report) => make_report::make(context, on, held, &report).await,
        Task::Extraction(extraction) => extract::extract(context, on, held, extraction).await,
    }
}

/// Writes the job's next state. When somebody has changed it meanwhile, it is read again: a client may want it no longer,
/// or another worker has it.
pub(crate) async fn save(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    next: impl Fn(&Job) -> Job,
) -> Result<(), Stop> {
    match save_with(context, on, held, None, next).await? {
        Saved::Done => Ok(()),
        // Nothing was reserved.
        Saved::Exhausted => Err(WorkError::contended().into()),
    }
}

pub(crate) enum Saved {
    Done,
    /// What was to be reserved is more than is left; nothing is written.
    Exhausted,
}

/// As [`save`], and in the same commit what is spent, unless the job is wanted no longer by then and was to be begun.
pub(crate) async fn save_with(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    spent: Option<&PlatformChange>,
    next: impl Fn(&Job) -> Job,
) -> Result<Saved, Stop> {
    let number = held.job.lease.map_or(0, |lease| lease.number);
    for _ in 0..TRIES {
        let written = next(&held.job);
        let goes_on = written.status == JobStatus::Running;
        let spent = spent.filter(|change| goes_on || !matches!(change, PlatformChange::Reserve { .. }));
        let commit = commit_of(context, &written, event_of(&written), spent.cloned());
        let settled = match on.looking.platform.commit(commit).await {
            Err(PlatformError::Exhausted) => return Ok(Saved::Exhausted),
            result => platform_settled(result)?,
        };
        if let Settled::Done = settled {
            held.job = written;
            return if goes_on { Ok(Saved::Done) } else { Err(Stop::Done) };
        }
        let job = on.looking.jobs.get(held.job.tenant, held.job.id, Consistency::Strong).await?;
        match job.filter(|job| job.is_held_under(number)) {
            Some(job) => held.job = job,
            None => return Err(Stop::Done),
        }
    }
    Err(WorkError::contended().into())
}

/// What is told of a state that a job has come to.
fn event_of(job: &Job) -> Option<EventType> {
    match job.status {
        JobStatus::Scheduled | JobStatus::Queued | JobStatus::Running => None,
        JobStatus::Succeeded => Some(EventType::JobSucceeded),
        JobStatus::Failed => Some(EventType::JobFailed),
        JobStatus::Cancelled => Some(EventType::JobCancelled),
    }
}

pub(crate) async fn write(
    context: &Context<'_>,
    on: Looking<'_>,
    job: &Job,
    event: Option<EventType>,
) -> Result<Settled, WorkError> {
    platform_settled(on.platform.commit(commit_of(context, job, event, None)).await)
}

fn commit_of(
    context: &Context<'_>,
    job: &Job,
    event: Option<EventType>,
    spent: Option<PlatformChange>,
) -> PlatformCommit {
    let tenant = job.tenant;
    let events = event.map(|kind| context.event(tenant, kind, job.id, api::job(job, Shown::Outline)));
    let changes = std::iter::once(PlatformChange::UpdateJob(job.clone())).chain(spent).collect();
    Commit { tenant, record: None, changes, events: events.into_iter().collect(), now: context.now() }
}
