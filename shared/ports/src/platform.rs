//! What surrounds the payments: files, and later jobs, endpoints and the rest. One table, one way to write it; its events
//! are in the tenant's one log, beside the payments'.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::allowance::{Month, Spending};
use domain::attachment::Attachment;
use domain::dead_letter::{DeadLetter, Death};
use domain::event::Queue;
use domain::file::File;
use domain::idempotency::{Claim, Record};
use domain::ids::{DeadLetterId, FileId, JobId, OrderId, ScheduleId, TenantId};
use domain::job::{Job, JobStatus};
use domain::page::{Page, PageRequest};
use domain::schedule::Schedule;
use domain::time::Timestamp;
use domain::webhook::Endpoint;

use crate::PortError;
use crate::commerce::{Commit, Consistency};

/// One step of a commit, with its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformChange {
    /// There is no such file yet.
    CreateFile(File),
    /// The stored file has the version before this one's.
    UpdateFile(File),
    /// The same, and the slot of the attachment's order is free.
    AttachFile { file: File, attachment: Attachment },
    /// The same, and the attachments are there. They are gone from then on.
    DetachFile { file: File, attachments: Vec<Attachment> },
    /// There is no such job yet.
    CreateJob(Job),
    /// The stored job has the version before this one's; and where it begins, its tenant's line is not paused and has room:
    /// fewer run than its priority says, or it is one of those that run. The line follows: a job that waits is in it, by priority and age.
    /// Where one begins, no other of the same commit begins, waits or ends: that is `Rejected`.
    UpdateJob(Job),
    /// From now on none of the tenant's jobs begins, or they do again. No condition.
    PauseJobs { tenant: TenantId, paused: bool },
    /// There is no such schedule yet.
    CreateSchedule(Schedule),
    /// The stored schedule has the version before this one's.
    UpdateSchedule(Schedule),
    /// The stored schedule has this one's version.
    DeleteSchedule(Schedule),
    /// There is no such dead letter yet.
    CreateDeadLetter(DeadLetter),
    /// The stored dead letter has the version before this one's.
    UpdateDeadLetter(DeadLetter),
    /// There is no such endpoint yet.
    CreateEndpoint(Endpoint),
    /// The stored endpoint has the version before this one's. How it fares stays as it is stored.
    UpdateEndpoint(Endpoint),
    /// The same, and how it fares is this one's, too: that stands on the version before it as well.
    RestartEndpoint(Endpoint),
    /// The stored endpoint has this one's version.
    DeleteEndpoint(Endpoint),
    /// With this the tenant has spent no more than the cap in the month; it has spent it from now on.
    Reserve { tenant: TenantId, month: Month, spending: Spending, cap: Spending },
    /// What was reserved came to this. No condition.
    Settle { tenant: TenantId, month: Month, reserved: Spending, spent: Spending },
}

pub type PlatformCommit = Commit<PlatformChange>;

/// Why nothing of a commit was written. Where several conditions fail, the first of this list is told.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error("the idempotency key has been used")]
    Claimed(Box<Record>),
    #[error("something changed since it was read")]
    Stale,
    #[error("no more of the tenant's jobs may run now")]
    LineFull,
    #[error("the tenant has spent what it may")]
    Exhausted,
    /// Another transaction was at the same items at the same time; this one may be tried again at once.
    #[error("another transaction was under way")]
    Contended,
    #[error(transparent)]
    Port(#[from] PortError),
}

#[async_trait]
pub trait Platform: Send + Sync {
    /// As [`crate::commerce::Commerce::commit`], in one transaction over both tables: record and items go to the platform's,
    /// events to the log.
    async fn commit(&self, commit: PlatformCommit) -> Result<(), PlatformError>;

    /// As [`crate::commerce::Commerce::find_record`].
    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError>;
}

#[async_trait]
pub trait Files: Send + Sync {
    /// Deleted ones too.
    async fn get(&self, tenant: TenantId, id: FileId, consistency: Consistency) -> Result<Option<File>, PortError>;

    /// As [`crate::commerce::Orders::get_many`]. Deleted ones too.
    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<FileId>,
        consistency: Consistency,
    ) -> Result<Vec<File>, PortError>;

    /// Newest first, without the deleted, by one query of an index.
    async fn list(&self, tenant: TenantId, page: PageRequest<FileId>) -> Result<Page<File, FileId>, PortError>;

    /// Across tenants: those whose `check_at` is at or before `now`, oldest first within a shard of the index, at most about
    /// `limit`.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, FileId)>, PortError>;
}

#[async_trait]
pub trait Attachments: Send + Sync {
    /// All that an order has, oldest first, strongly consistent, by one query.
    async fn of_order(&self, tenant: TenantId, order: OrderId) -> Result<Vec<Attachment>, PortError>;
}

/// A tenant's jobs that wait and run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub paused: bool,
    pub running: usize,
    /// The first [`LINE_SHOWN`] that wait: the most urgent first, of those the oldest.
    pub waiting: Vec<JobId>,
}

pub const LINE_SHOWN: usize = 10;

#[async_trait]
pub trait Jobs: Send + Sync {
    async fn get(&self, tenant: TenantId, id: JobId, consistency: Consistency) -> Result<Option<Job>, PortError>;

    /// Newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        status: Option<JobStatus>,
        page: PageRequest<JobId>,
    ) -> Result<Page<Job, JobId>, PortError>;

    /// As [`Files::due`].
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, JobId)>, PortError>;

    /// Strongly consistent, by one query.
    async fn line(&self, tenant: TenantId) -> Result<Line, PortError>;
}

#[async_trait]
pub trait Schedules: Send + Sync {
    async fn get(
        &self,
        tenant: TenantId,
        id: ScheduleId,
        consistency: Consistency,
    ) -> Result<Option<Schedule>, PortError>;

    /// Newest first, by one query.
    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, PortError>;

    /// As [`Files::due`].
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, ScheduleId)>, PortError>;
}

#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Strongly consistent.
    async fn get(&self, tenant: TenantId, id: DeadLetterId) -> Result<Option<DeadLetter>, PortError>;

    /// By what they are about, newest first, by one query: all of a tenant's, or those of a queue that wait.
    async fn list(
        &self,
        tenant: TenantId,
        queue: Option<Queue>,
        page: PageRequest<DeadLetterId>,
    ) -> Result<Page<DeadLetter, DeadLetterId>, PortError>;

    /// How many wait, by queue; queues without any are left out. Of very many it counts the first ten thousand at least.
    async fn counts(&self, tenant: TenantId) -> Result<BTreeMap<Queue, u64>, PortError>;

    /// Across tenants, for operators: those that wait and died at `until` or before, the oldest deaths first, from all shards of
    /// an index.
    async fn waiting(
        &self,
        until: Timestamp,
        page: PageRequest<Death>,
    ) -> Result<Page<(TenantId, DeadLetterId), Death>, PortError>;
}
