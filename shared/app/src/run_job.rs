//! One job, worked on by one worker: taken under a lease, written to an object of its own part by part, looked at between
//! pages for whether anybody still wants it, and concluded in one commit. Whoever dies leaves a checkpoint to go on from.

use std::time::Duration;

use domain::event::{EventType, Notice};
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobFault, JobResult, JobStatus, Taking};
use domain::task::{Report, ReportKind, Task};
use domain::time::Timestamp;
use ports::blobs::{BlobKey, BlobParts, Blobs};
use ports::commerce::{Commit, Consistency};
use ports::platform::{Jobs, Platform, PlatformChange, PlatformCommit, PlatformError};
use serde::{Deserialize, Serialize};

use crate::Context;
use crate::report::{self, Position, Rows, Sources};
use crate::work::{Settled, WorkError, platform_settled};

const TRIES: usize = 8;
/// Pages between two looks at the job.
const LOOK_EACH: usize = 20;
const CONTENT_TYPE: &str = "text/csv";

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
    if held.job.status.has_ended() {
        wake_next(context, on.looking, notice.tenant).await;
    }
    ended
}

async fn carry_on(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), WorkError> {
    let Err(error) = work(context, on, held).await else { return Ok(()) };
    let Stop::Failed(error) = error else { return Ok(()) };
    // Whoever comes next need not wait for the lease to end. Where this fails as well, the sweeper sees to it.
    let next = match &error {
        WorkError::Retry { reason, .. } => held.job.release(reason, context.now()),
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
    let Some(job) = on.jobs.get(tenant, id, Consistency::Strong).await? else { return Ok(()) };
    let Some(next) = job.look(context.now()) else { return Ok(()) };
    let event = if next.status == JobStatus::Queued { Some(EventType::JobResumed) } else { event_of(&next) };
    match write(context, on, &next, event).await? {
        Settled::Done if next.status.has_ended() => wake_next(context, on, tenant).await,
        Settled::Done => {}
        Settled::ReadAgain => return Err(WorkError::contended()),
    }
    Ok(())
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
    /// No more of the tenant's may run now. Whichever ends asks for the next.
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
        let written = on.platform.commit(commit_of(context, &next, event_of(&next))).await;
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
struct Held {
    job: Job,
    stop_at: Timestamp,
}

/// Why a worker stops before the end.
enum Stop {
    /// The job has ended, is another's now, or is to go on elsewhere: there is nothing left to do here.
    Done,
    Failed(WorkError),
}

impl<E: Into<WorkError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What has been written, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Draft {
    /// Of the object: the lease under which it was begun.
    object: u64,
    position: Position,
    rows: u64,
    bytes: u64,
    upload: Option<String>,
    parts: Vec<String>,
}

async fn work(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), Stop> {
    match held.job.task.clone() {
        Task::Report(report) => make(context, on, held, &report).await,
        Task::Extraction(_) => Err(WorkError::Poison("nobody reads documents".to_owned()).into()),
    }
}

async fn make(context: &Context<'_>, on: Running<'_>, held: &mut Held, report: &Report) -> Result<(), Stop> {
    let mut draft = Draft::of(&held.job, report.kind)?;
    let mut unwritten = Vec::new();
    if draft.bytes == 0 {
        unwritten = report::lines([&report::header(report.kind)])?;
    }
    let mut pages = 0;
    loop {
        let Rows { rows, next, progress } = report::page(on.sources, held.job.tenant, report, &draft.position).await?;
        unwritten.extend(report::lines(&rows)?);
        draft.rows += rows.len() as u64;
        let Some(next) = next else { return finish(context, on, held, draft, unwritten).await };
        draft.position = next;
        pages += 1;
        if unwritten.len() >= on.part_bytes {
            put_part(context, on, held, &mut draft, std::mem::take(&mut unwritten)).await?;
            let checkpoint = serde_json::to_string(&draft).map_err(|error| WorkError::Poison(error.to_string()))?;
            save(context, on, held, |job| job.advance(progress, Some(checkpoint.clone()), context.now())).await?;
            if context.now() >= held.stop_at {
                return pause(context, on, held).await;
            }
        } else if pages % LOOK_EACH == 0 {
            save(context, on, held, |job| job.advance(progress, None, context.now())).await?;
        }
    }
}

impl Draft {
    /// From the checkpoint, or from the beginning.
    fn of(job: &Job, kind: ReportKind) -> Result<Self, WorkError> {
        let Some(checkpoint) = &job.checkpoint else {
            let object = job.lease.map_or(job.version, |lease| lease.number);
            let position = Position::first(kind);
            return Ok(Self { object, position, rows: 0, bytes: 0, upload: None, parts: Vec::new() });
        };
        let unreadable = |_| WorkError::Poison("a checkpoint cannot be read".to_owned());
        serde_json::from_str(checkpoint).map_err(unreadable)
    }

    fn key(&self, job: &Job) -> BlobKey {
        BlobKey::report(job.tenant, job.id, self.object)
    }
}

async fn put_part(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    draft: &mut Draft,
    bytes: Vec<u8>,
) -> Result<(), Stop> {
    let key = draft.key(&held.job);
    let upload = match &draft.upload {
        Some(upload) => upload.clone(),
        None => on.parts.begin(key, CONTENT_TYPE).await?,
    };
    let number = u32::try_from(draft.parts.len()).unwrap_or(u32::MAX).saturating_add(1);
    draft.bytes += bytes.len() as u64;
    let Some(part) = on.parts.put_part(key, &upload, number, bytes).await? else {
        return begin_anew(context, on, held).await;
    };
    draft.parts.push(part);
    draft.upload = Some(upload);
    Ok(())
}

/// What is small is one object at once.
async fn finish(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    mut draft: Draft,
    unwritten: Vec<u8>,
) -> Result<(), Stop> {
    if draft.upload.is_none() {
        draft.bytes = unwritten.len() as u64;
        on.blobs.put(draft.key(&held.job), CONTENT_TYPE, unwritten).await?;
    } else {
        if !unwritten.is_empty() {
            put_part(context, on, held, &mut draft, unwritten).await?;
        }
        let upload = draft.upload.clone().unwrap_or_default();
        if !on.parts.complete(draft.key(&held.job), &upload, &draft.parts).await? {
            return begin_anew(context, on, held).await;
        }
    }
    let Draft { object, rows, bytes, .. } = draft;
    save(context, on, held, |job| job.succeed(JobResult { object, rows, bytes }, context.now())).await
}

/// A worker that was thought lost has been at the parts, or an answer was lost: what is there cannot be relied on.
async fn begin_anew(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), Stop> {
    let next = held.job.begin_anew("the parts are not as they were", context.now());
    write(context, on.looking, &next, Some(EventType::JobResumed)).await?;
    Err(Stop::Done)
}

async fn pause(context: &Context<'_>, on: Running<'_>, held: &mut Held) -> Result<(), Stop> {
    let next = held.job.pause(context.now());
    write(context, on.looking, &next, Some(EventType::JobResumed)).await?;
    Err(Stop::Done)
}

/// Writes the job's next state. When somebody has changed it meanwhile, it is read again: a client may want it no longer,
/// or another worker has it.
async fn save(context: &Context<'_>, on: Running<'_>, held: &mut Held, next: impl Fn(&Job) -> Job) -> Result<(), Stop> {
    let number = held.job.lease.map_or(0, |lease| lease.number);
    for _ in 0..TRIES {
        let written = next(&held.job);
        if let Settled::Done = write(context, on.looking, &written, event_of(&written)).await? {
            held.job = written;
            return if held.job.status == JobStatus::Running { Ok(()) } else { Err(Stop::Done) };
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

async fn write(
    context: &Context<'_>,
    on: Looking<'_>,
    job: &Job,
    event: Option<EventType>,
) -> Result<Settled, WorkError> {
    platform_settled(on.platform.commit(commit_of(context, job, event)).await)
}

fn commit_of(context: &Context<'_>, job: &Job, event: Option<EventType>) -> PlatformCommit {
    let tenant = job.tenant;
    let events = event.map(|kind| context.event(tenant, kind, job.id, api::job(job, None)));
    let changes = vec![PlatformChange::UpdateJob(job.clone())];
    Commit { tenant, record: None, changes, events: events.into_iter().collect(), now: context.now() }
}
