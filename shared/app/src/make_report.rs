//! A report's file, made part by part: looked at between pages for whether anybody still wants it. Whoever runs out of time
//! leaves a checkpoint, and what is not yet a part of the file beside it, for another worker to go on from.

use domain::event::EventType;
use domain::job::{Job, JobFault, JobResult, ResultObject};
use domain::listing::ROWS_MAX;
use domain::task::{Report, ReportFormat, ReportKind};
use ports::blobs::BlobKey;
use serde::{Deserialize, Serialize};

use crate::Context;
use crate::report::{self, Position, Rows};
use crate::report_sheet::{self, Heading};
use crate::run_job::{Held, Running, Stop, save, write};
use crate::work::{WorkError, merchant};

/// Pages between two looks at the job.
const LOOK_EACH: usize = 20;

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
    /// What a worker had read and not yet written, when it left the job to the next.
    #[serde(default)]
    rest: Option<Rest>,
}

/// An object of its own: a part has five megabytes or more, and a row of the table has room for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    /// The lease of the worker that has left it.
    lease: u64,
    bytes: u32,
}

pub(crate) async fn make(context: &Context<'_>, on: Running<'_>, held: &mut Held, report: &Report) -> Result<(), Stop> {
    let mut draft = Draft::of(&held.job, report.kind)?;
    let Some(mut unwritten) = unwritten(on, &held.job, &mut draft, report).await? else {
        return begin_anew(context, on, held, "what was left of it is gone").await;
    };
    let mut pages = 0;
    loop {
        let Rows { rows, next, progress } = report::page(on.sources, held.job.tenant, report, &draft.position).await?;
        unwritten.extend(report::lines(&rows)?);
        draft.rows += rows.len() as u64;
        if report.format == ReportFormat::Pdf && draft.rows > ROWS_MAX {
            return save(context, on, held, |job| job.fail(JobFault::TooManyRows, context.now())).await;
        }
        let Some(next) = next else {
            return match report.format {
                ReportFormat::Csv => finish(context, on, held, draft, unwritten).await,
                ReportFormat::Pdf => print(context, on, held, draft, report, &unwritten).await,
            };
        };
        draft.position = next;
        pages += 1;
        let is_part = report.format == ReportFormat::Csv && unwritten.len() >= on.part_bytes;
        if is_part {
            put_part(context, on, held, &mut draft, std::mem::take(&mut unwritten)).await?;
        }
        if context.now() >= held.stop_at {
            return leave(context, on, held, draft, unwritten, progress).await;
        }
        if is_part {
            let checkpoint = draft.checkpoint()?;
            save(context, on, held, |job| job.advance(progress, Some(checkpoint.clone()), context.now())).await?;
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
            return Ok(Self { object, position, rows: 0, bytes: 0, upload: None, parts: Vec::new(), rest: None });
        };
        let unreadable = |_| WorkError::Poison("a checkpoint cannot be read".to_owned());
        serde_json::from_str(checkpoint).map_err(unreadable)
    }

    fn key(&self, job: &Job) -> BlobKey {
        BlobKey::report(job.tenant, job.id, self.object)
    }

    fn checkpoint(&self) -> Result<String, WorkError> {
        serde_json::to_string(self).map_err(|error| WorkError::Poison(error.to_string()))
    }
}

/// What the worker before has left, or the header of a file that is begun. None: it should be there, and is not.
async fn unwritten(
    on: Running<'_>,
    job: &Job,
    draft: &mut Draft,
    report: &Report,
) -> Result<Option<Vec<u8>>, WorkError> {
    let Some(Rest { lease, bytes }) = draft.rest.take() else {
        let is_begun = draft.bytes > 0;
        return if is_begun { Ok(Some(Vec::new())) } else { report::lines([&report::header(report.kind)]).map(Some) };
    };
    Ok(on.blobs.beginning(BlobKey::rest(job.tenant, job.id, lease), bytes).await?)
}

/// To the next worker, with all that was read.
async fn leave(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    mut draft: Draft,
    unwritten: Vec<u8>,
    progress: u8,
) -> Result<(), Stop> {
    if !unwritten.is_empty() {
        let lease = held.job.lease.map_or(held.job.version, |lease| lease.number);
        let bytes = u32::try_from(unwritten.len()).unwrap_or(u32::MAX);
        on.blobs
            .put(BlobKey::rest(held.job.tenant, held.job.id, lease), ReportFormat::Csv.content_type(), unwritten)
            .await?;
        draft.rest = Some(Rest { lease, bytes });
    }
    let checkpoint = draft.checkpoint()?;
    save(context, on, held, |job| job.advance(progress, Some(checkpoint.clone()), context.now())).await?;
    let next = held.job.pause(context.now());
    write(context, on.looking, &next, Some(EventType::JobResumed)).await?;
    Err(Stop::Done)
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
        None => on.parts.begin(key, ReportFormat::Csv.content_type()).await?,
    };
    let number = u32::try_from(draft.parts.len()).unwrap_or(u32::MAX).saturating_add(1);
    draft.bytes += bytes.len() as u64;
    let Some(part) = on.parts.put_part(key, &upload, number, bytes).await? else {
        return begin_anew(context, on, held, "the parts are not as they were").await;
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
        on.blobs.put(draft.key(&held.job), ReportFormat::Csv.content_type(), unwritten).await?;
    } else {
        if !unwritten.is_empty() {
            put_part(context, on, held, &mut draft, unwritten).await?;
        }
        let upload = draft.upload.clone().unwrap_or_default();
        if !on.parts.complete(draft.key(&held.job), &upload, &draft.parts).await? {
            return begin_anew(context, on, held, "the parts are not as they were").await;
        }
    }
    let Draft { object, rows, bytes, .. } = draft;
    let result = ResultObject { object, rows, bytes };
    save(context, on, held, |job| job.succeed(JobResult::Object(result), context.now())).await
}

/// A document is made as a whole, and so of a bounded number of rows.
async fn print(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    draft: Draft,
    report: &Report,
    lines: &[u8],
) -> Result<(), Stop> {
    let Job { id, tenant, created_at, .. } = held.job;
    let merchant = merchant(on.tenants, tenant).await?;
    // The moment that it was asked for: another try makes the same bytes.
    let listing = report_sheet::listing(Heading { merchant, job: id, made_at: created_at }, report, lines)?;
    let document = (on.print)(&listing).map_err(|error| WorkError::Poison(error.to_string()))?;
    let result = ResultObject { object: draft.object, rows: draft.rows, bytes: document.len() as u64 };
    on.blobs.put(draft.key(&held.job), report.format.content_type(), document).await?;
    save(context, on, held, |job| job.succeed(JobResult::Object(result), context.now())).await
}

/// A worker that was thought lost has been at the parts, or an answer was lost: what is there cannot be relied on.
async fn begin_anew(context: &Context<'_>, on: Running<'_>, held: &mut Held, reason: &str) -> Result<(), Stop> {
    let next = held.job.begin_anew(reason, context.now());
    write(context, on.looking, &next, Some(EventType::JobResumed)).await?;
    Err(Stop::Done)
}
