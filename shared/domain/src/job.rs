//! Long work that a tenant asks for: taken by one worker at a time under a lease, resumed by another when the first is lost,
//! and of effect once, because every write of a worker stands on the version that it holds.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ids::{JobId, TenantId};
use crate::invoice::Invoice;
use crate::schedule::Occurrence;
use crate::task::Task;
use crate::time::Timestamp;
use crate::words::words;

/// How long a worker may be silent.
pub const LEASE: Duration = Duration::from_secs(2 * 60);
/// Once so long without a worker it is asked for again: its message may be lost among the dead letters.
pub const WAITS_AT_MOST: Duration = Duration::from_secs(15 * 60);
/// From when it is first taken.
pub const TIME_OUT: Duration = Duration::from_secs(2 * 60 * 60);
/// Tries that may end without a result.
pub const ATTEMPTS_MAX: u32 = 5;
/// What has ended is kept for so long, with its result.
pub const ENDED_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long what it needs is left alone once it was busy: the longer it has been so, the longer.
const HELD_BACK_FOR: RangeInclusive<Duration> = Duration::from_secs(5)..=WAITS_AT_MOST;
/// Of the log, the last lines.
pub const LOG_LINES_MAX: usize = 30;

words! {
    JobStatus:
    /// Its time has not come, or what it needs is busy.
    Scheduled = "scheduled",
    Queued = "queued",
    Running = "running",
    Succeeded = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled",
}

impl JobStatus {
    /// Where it may go from here.
    pub fn next(self) -> &'static [Self] {
        match self {
            // One that was held back may be overdue by its next look.
            Self::Scheduled => &[Self::Queued, Self::Failed, Self::Cancelled],
            Self::Queued => &[Self::Running, Self::Failed, Self::Cancelled],
            Self::Running => &[Self::Queued, Self::Scheduled, Self::Succeeded, Self::Failed, Self::Cancelled],
            Self::Failed => &[Self::Queued],
            Self::Succeeded | Self::Cancelled => &[],
        }
    }

    pub fn has_ended(self) -> bool {
        match self {
            Self::Scheduled | Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}

words! {
    /// Why there is no result.
    JobFault:
    TimedOut = "timed_out",
    /// No worker has come to an end.
    GivenUp = "given_up",
    /// What it has to read cannot be read.
    Unreadable = "unreadable",
    /// More rows than the format is for.
    TooManyRows = "too_many_rows",
    /// The file was deleted meanwhile.
    FileGone = "file_gone",
    /// The model does not take the document.
    DocumentRefused = "document_refused",
    /// What the model has answered does not add up.
    AnswerRefused = "answer_refused",
    /// The tenant has spent what it may in this month.
    BudgetExhausted = "budget_exhausted",
    /// There is no model to ask.
    NoModel = "no_model",
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobResult {
    Object(ResultObject),
    Invoice(Invoice),
}

words! {
    /// Among the jobs of its tenant: nobody is more urgent than another tenant.
    Priority:
    High = "high",
    Normal = "normal",
    Low = "low",
}

impl Priority {
    /// How many of its tenant's jobs may run with one of this priority: a tenant never has all workers, and what is less
    /// urgent leaves room for what is more.
    pub fn running_max(self) -> usize {
        match self {
            Self::High => 4,
            Self::Normal => 3,
            Self::Low => 2,
        }
    }
}

/// When a job is to be worked on, and before which others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub priority: Priority,
    /// At once, when there is none or it is over.
    pub run_at: Option<Timestamp>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { priority: Priority::Normal, run_at: None }
    }
}

/// Where a job is in its tenant's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Waits,
    /// A worker has just taken it.
    Begins,
    Runs,
    Out,
}

/// Where the result lies and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultObject {
    /// Of the object that was written: each beginning writes one of its own.
    pub object: u64,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    pub message: String,
}

/// A worker's hold on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// No two are alike.
    pub number: u64,
    pub ends_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub tenant: TenantId,
    pub task: Task,
    /// Whose occurrence has asked for it, where nobody else has.
    pub occurrence: Option<Occurrence>,
    pub priority: Priority,
    /// Before that nobody works on it.
    pub run_at: Option<Timestamp>,
    pub status: JobStatus,
    /// Per cent.
    pub progress: u8,
    /// How often it was begun, or begun again after a fault.
    pub attempts: u32,
    pub lease: Option<Lease>,
    pub cancel_requested: bool,
    /// Where the work goes on, in its own words.
    pub checkpoint: Option<String>,
    pub result: Option<JobResult>,
    pub fault: Option<JobFault>,
    pub log: Vec<LogLine>,
    /// When it was first taken since it was asked for.
    pub started_at: Option<Timestamp>,
    /// When the sweeper is to look.
    pub check_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job is {}{}", .current.as_str(), told(.current.next()))]
pub struct JobRefusal {
    pub current: JobStatus,
}

fn told(next: &[JobStatus]) -> String {
    match next {
        [] => "; it stays so".to_owned(),
        next => {
            let names: Vec<&str> = next.iter().map(|status| status.as_str()).collect();
            format!("; from there it may become: {}", names.join(", "))
        }
    }
}

/// What a worker that wants a job is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// Work on this one.
    Work(Job),
    /// It ends here.
    End(Job),
    /// It has ended, or another worker has it.
    Leave,
}

impl Job {
    pub fn new(id: JobId, tenant: TenantId, task: Task, now: Timestamp) -> Self {
        Self {
            id,
            tenant,
            task,
            occurrence: None,
            priority: Priority::Normal,
            run_at: None,
            status: JobStatus::Queued,
            progress: 0,
            attempts: 0,
            lease: None,
            cancel_requested: false,
            checkpoint: None,
            result: None,
            fault: None,
            log: Vec::new(),
            started_at: None,
            check_at: Some(now.plus(WAITS_AT_MOST)),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// A new one, to be worked on when and before what the plan says.
    #[must_use]
    pub fn planned(self, plan: Plan) -> Self {
        let Plan { priority, run_at } = plan;
        match run_at.filter(|run_at| *run_at > self.created_at) {
            Some(_) => Self { priority, run_at, status: JobStatus::Scheduled, check_at: run_at, ..self },
            None => Self { priority, run_at, ..self },
        }
    }

    pub fn place(&self) -> Place {
        match self.status {
            JobStatus::Queued => Place::Waits,
            JobStatus::Running if self.lease.is_some_and(|lease| lease.number == self.version) => Place::Begins,
            JobStatus::Running => Place::Runs,
            JobStatus::Scheduled | JobStatus::Succeeded | JobStatus::Failed | JobStatus::Cancelled => Place::Out,
        }
    }

    /// Asked for once more, while it waits.
    #[must_use]
    pub fn ask_again(&self, now: Timestamp) -> Self {
        Self { check_at: Some(now.plus(WAITS_AT_MOST)), ..self.changed(now) }
    }

    pub fn take(&self, now: Timestamp) -> Taking {
        match (self.status, self.lease) {
            (JobStatus::Scheduled | JobStatus::Succeeded | JobStatus::Failed | JobStatus::Cancelled, _) => {
                return Taking::Leave;
            }
            (JobStatus::Running, Some(lease)) if now < lease.ends_at => return Taking::Leave,
            (JobStatus::Queued | JobStatus::Running, _) => {}
        }
        if let Some(ended) = self.ended_early(now) {
            return Taking::End(ended);
        }
        let number = self.version + 1;
        let attempts = self.attempts + 1;
        let taken = Self {
            status: JobStatus::Running,
            attempts,
            started_at: self.started_at.or(Some(now)),
            ..self.changed(now).leased(number, now)
        };
        Taking::Work(taken.noted(now, format!("attempt {attempts} begins")))
    }

    /// What there is no use in going on with.
    fn ended_early(&self, now: Timestamp) -> Option<Self> {
        if self.cancel_requested {
            return Some(self.cancelled(now));
        }
        if self.is_overdue(now) {
            return Some(self.fail(JobFault::TimedOut, now));
        }
        (self.attempts >= ATTEMPTS_MAX).then(|| self.fail(JobFault::GivenUp, now))
    }

    fn is_overdue(&self, now: Timestamp) -> bool {
        self.started_at.is_some_and(|started_at| now >= started_at.plus(TIME_OUT))
    }

    /// Whether it is still held under the lease.
    pub fn is_held_under(&self, number: u64) -> bool {
        self.status == JobStatus::Running && self.lease.is_some_and(|lease| lease.number == number)
    }

    /// The worker is alive, and this far. A job that was cancelled, or has taken too long, ends.
    pub fn advance(&self, progress: u8, checkpoint: Option<String>, now: Timestamp) -> Self {
        if self.cancel_requested {
            return self.cancelled(now);
        }
        if self.is_overdue(now) {
            return self.fail(JobFault::TimedOut, now);
        }
        let number = self.lease.map_or(self.version, |lease| lease.number);
        let checkpoint = checkpoint.or_else(|| self.checkpoint.clone());
        let progress = progress.min(99).max(self.progress);
        Self { progress, checkpoint, ..self.changed(now).leased(number, now) }
    }

    /// The worker has no more time: another goes on from the checkpoint. That is no fault.
    pub fn pause(&self, now: Timestamp) -> Self {
        let attempts = self.attempts.saturating_sub(1);
        Self { attempts, ..self.queued(now) }.noted(now, "goes on in another worker".to_owned())
    }

    /// What it needs is busy. It leaves the line, so that others of its tenant go on, until the sweeper puts it there again.
    /// That is no fault; but a job that was cancelled, or has taken too long, ends.
    pub fn hold_back(&self, reason: &str, now: Timestamp) -> Self {
        if self.cancel_requested {
            return self.cancelled(now);
        }
        if self.is_overdue(now) {
            return self.fail(JobFault::TimedOut, now);
        }
        let since = self.started_at.map_or(Duration::ZERO, |started_at| now.since(started_at));
        let check_at = Some(now.plus(since.clamp(*HELD_BACK_FOR.start(), *HELD_BACK_FOR.end())));
        let attempts = self.attempts.saturating_sub(1);
        let held_back = Self { status: JobStatus::Scheduled, lease: None, attempts, check_at, ..self.changed(now) };
        held_back.noted(now, reason.to_owned())
    }

    /// The worker could not go on, or was lost: another one may.
    pub fn release(&self, reason: &str, now: Timestamp) -> Self {
        self.queued(now).noted(now, reason.to_owned())
    }

    /// As [`Job::release`], and what was done is not to be gone on with.
    pub fn begin_anew(&self, reason: &str, now: Timestamp) -> Self {
        Self { checkpoint: None, ..self.release(reason, now) }
    }

    pub fn succeed(&self, result: JobResult, now: Timestamp) -> Self {
        let message = match &result {
            JobResult::Object(ResultObject { rows, bytes, object: _ }) => format!("{rows} rows, {bytes} bytes"),
            JobResult::Invoice(invoice) => format!("{} lines", invoice.lines.len()),
        };
        Self { progress: 100, result: Some(result), ..self.ended(JobStatus::Succeeded, now) }.noted(now, message)
    }

    pub fn fail(&self, fault: JobFault, now: Timestamp) -> Self {
        Self { fault: Some(fault), ..self.ended(JobStatus::Failed, now) }.noted(now, fault.as_str().to_owned())
    }

    /// Nobody wants it any longer. One that runs is stopped by its worker, at the next look.
    pub fn cancel(&self, now: Timestamp) -> Result<Self, JobRefusal> {
        match self.status {
            JobStatus::Scheduled | JobStatus::Queued => Ok(self.cancelled(now)),
            JobStatus::Running => Ok(Self { cancel_requested: true, ..self.changed(now) }),
            JobStatus::Succeeded | JobStatus::Failed | JobStatus::Cancelled => Err(JobRefusal { current: self.status }),
        }
    }

    /// A failed one, from its beginning.
    pub fn retry(&self, now: Timestamp) -> Result<Self, JobRefusal> {
        match self.status {
            JobStatus::Failed => {
                let anew = Self { progress: 0, attempts: 0, fault: None, started_at: None, ..self.queued(now) };
                Ok(Self { checkpoint: None, cancel_requested: false, ..anew }.noted(now, "asked for again".to_owned()))
            }
            JobStatus::Scheduled
            | JobStatus::Queued
            | JobStatus::Running
            | JobStatus::Succeeded
            | JobStatus::Cancelled => Err(JobRefusal { current: self.status }),
        }
    }

    /// What the sweeper makes of a job that is due: its time has come, its worker is lost, or its message is. Nothing, when it is not due.
    pub fn look(&self, now: Timestamp) -> Option<Self> {
        let is_due = self.check_at.is_some_and(|at| at <= now);
        if !is_due || self.status.has_ended() {
            return None;
        }
        if let Some(ended) = self.ended_early(now) {
            return Some(ended);
        }
        Some(match self.status {
            JobStatus::Running => self.release("the worker was lost", now),
            JobStatus::Scheduled => self.queued(now),
            JobStatus::Queued | JobStatus::Succeeded | JobStatus::Failed | JobStatus::Cancelled => self.ask_again(now),
        })
    }

    /// From when on the store may forget it.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.status.has_ended().then(|| self.updated_at.plus(ENDED_KEPT_FOR))
    }

    fn cancelled(&self, now: Timestamp) -> Self {
        self.ended(JobStatus::Cancelled, now).noted(now, "cancelled".to_owned())
    }

    fn ended(&self, status: JobStatus, now: Timestamp) -> Self {
        Self { status, lease: None, checkpoint: None, check_at: None, ..self.changed(now) }
    }

    fn queued(&self, now: Timestamp) -> Self {
        let check_at = Some(now.plus(WAITS_AT_MOST));
        Self { status: JobStatus::Queued, lease: None, check_at, ..self.changed(now) }
    }

    fn leased(self, number: u64, now: Timestamp) -> Self {
        let ends_at = now.plus(LEASE);
        Self { lease: Some(Lease { number, ends_at }), check_at: Some(ends_at), ..self }
    }

    /// A line more in its log. It is shown to the tenant, and told in events: it says nothing of what was worked on.
    #[must_use]
    pub fn noted(mut self, at: Timestamp, message: String) -> Self {
        self.log.push(LogLine { at, message });
        let too_many = self.log.len().saturating_sub(LOG_LINES_MAX);
        self.log.drain(..too_many);
        self
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
