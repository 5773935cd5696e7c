//! A commit of the platform: one TransactWriteItems over two tables, because its events belong to the tenant's one log.

use async_trait::async_trait;
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::platform::{Platform, PlatformChange, PlatformCommit, PlatformError};
use ports::{PortError, PortErrorKind};

use super::idempotency::{StoredRecord, claimed};
use super::job_line::LineChange;
use super::record::ms;
use super::transact::{NotWritten, Obstacle, Writes};
use super::{PlatformTable, allowance, attachment, idempotency, job_line, webhook_endpoint};

const OPERATION: &str = "commit to the platform";

#[async_trait]
impl Platform for PlatformTable {
    async fn commit(&self, commit: PlatformCommit) -> Result<(), PlatformError> {
        match self.writes(commit)?.send(OPERATION).await {
            Ok(()) => Ok(()),
            Err(NotWritten::Contended) => Err(PlatformError::Contended),
            Err(NotWritten::Port(error)) => Err(PlatformError::Port(error)),
            Err(NotWritten::Cancelled(obstacles)) => {
                let refusals = obstacles.into_iter().map(|(guard, obstacle)| guard.refusal(obstacle));
                Err(refusals.min_by_key(precedence).unwrap_or(PlatformError::Contended))
            }
        }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        idempotency::find(&self.platform, tenant, claim, now).await
    }
}

impl PlatformTable {
    fn writes(&self, commit: PlatformCommit) -> Result<Writes<'_, Guard>, PortError> {
        let PlatformCommit { tenant, record, changes, events, now } = commit;
        let mut writes = Writes::new(&self.platform);
        if let Some(record) = record {
            writes.claim(Guard::Claim, &StoredRecord { tenant, record }, ms(now))?;
        }
        let mut line = LineChange::default();
        for change in changes {
            match change {
                PlatformChange::CreateFile(file) => writes.create(Guard::Fresh, &file)?,
                PlatformChange::UpdateFile(file) => writes.replace(Guard::Fresh, &file, file.version)?,
                PlatformChange::AttachFile { file, attachment } => {
                    writes.replace(Guard::Fresh, &file, file.version)?;
                    writes.create(Guard::Fresh, &attachment)?;
                }
                PlatformChange::DetachFile { file, attachments } => {
                    writes.replace(Guard::Fresh, &file, file.version)?;
                    for gone in &attachments {
                        writes.push(Guard::Fresh, attachment::delete(&self.platform, gone)?);
                    }
                }
                PlatformChange::CreateJob(job) => {
                    writes.create(Guard::Fresh, &job)?;
                    job_line::create(&self.platform, &job)?
                        .into_iter()
                        .for_each(|item| writes.push(Guard::Fresh, item));
                }
                PlatformChange::UpdateJob(job) => {
                    writes.replace(Guard::Fresh, &job, job.version)?;
                    line.follow(&self.platform, &job)?.into_iter().for_each(|item| writes.push(Guard::Fresh, item));
                }
                PlatformChange::PauseJobs { tenant, paused } => line.pause(tenant, paused),
                PlatformChange::CreateSchedule(schedule) => writes.create(Guard::Fresh, &schedule)?,
                PlatformChange::UpdateSchedule(schedule) => {
                    writes.replace(Guard::Fresh, &schedule, schedule.version)?;
                }
                PlatformChange::DeleteSchedule(schedule) => writes.delete(Guard::Fresh, &schedule, schedule.version)?,
                PlatformChange::CreateDeadLetter(letter) => writes.create(Guard::Fresh, &letter)?,
                PlatformChange::UpdateDeadLetter(letter) => writes.replace(Guard::Fresh, &letter, letter.version)?,
                PlatformChange::CreateEndpoint(endpoint) => writes.create(Guard::Fresh, &endpoint)?,
                PlatformChange::UpdateEndpoint(endpoint) => {
                    writes.update(Guard::Fresh, webhook_endpoint::update(&self.platform, &endpoint)?);
                }
                PlatformChange::RestartEndpoint(endpoint) => {
                    writes.update(Guard::Fresh, webhook_endpoint::restart(&self.platform, &endpoint)?);
                }
                PlatformChange::DeleteEndpoint(endpoint) => writes.delete(Guard::Fresh, &endpoint, endpoint.version)?,
                PlatformChange::Reserve { tenant, month, spending, cap } => {
                    let reserve = allowance::reserve(&self.platform, (tenant, month), spending, cap, now)?;
                    writes.update(Guard::Budget, reserve);
                }
                PlatformChange::Settle { tenant, month, reserved, spent } => {
                    let settle = allowance::settle(&self.platform, (tenant, month), reserved, spent, now)?;
                    writes.update(Guard::Budget, settle);
                }
            }
        }
        if let Some(update) = line.update(&self.platform)? {
            writes.update(Guard::Line, update);
        }
        writes.go_on_in(&self.commerce);
        for event in events {
            writes.create(Guard::Fresh, &event)?;
        }
        Ok(writes)
    }
}

/// What an item's condition guards.
enum Guard {
    Claim,
    /// The item is as it was read, or is not there yet.
    Fresh,
    /// The tenant's jobs go on, and one more may run.
    Line,
    /// Enough is left to spend.
    Budget,
}

impl Guard {
    fn refusal(self, obstacle: Obstacle) -> PlatformError {
        match (obstacle, self) {
            (Obstacle::Conflict, _) => PlatformError::Contended,
            (Obstacle::Throttled, _) => PlatformError::Port(PortError::new(PortErrorKind::Throttled, OPERATION)),
            (Obstacle::Rejected, _) => PlatformError::Port(PortError::new(PortErrorKind::Rejected, OPERATION)),
            (Obstacle::Condition(item), Self::Claim) => match claimed(item) {
                Ok(record) => PlatformError::Claimed(Box::new(record)),
                Err(error) => PlatformError::Port(error),
            },
            (Obstacle::Condition(_), Self::Fresh) => PlatformError::Stale,
            (Obstacle::Condition(_), Self::Line) => PlatformError::LineFull,
            (Obstacle::Condition(_), Self::Budget) => PlatformError::Exhausted,
        }
    }
}

/// The order in which [`PlatformError`] lists them.
fn precedence(error: &PlatformError) -> u8 {
    match error {
        PlatformError::Claimed(_) => 0,
        PlatformError::Stale => 1,
        PlatformError::LineFull => 2,
        PlatformError::Exhausted => 3,
        PlatformError::Contended => 4,
        PlatformError::Port(_) => 5,
    }
}
