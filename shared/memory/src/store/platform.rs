//! A commit of the platform, over its table and the log of events.

use async_trait::async_trait;
use domain::allowance::Month;
use domain::attachment::{Attachment, Slot};
use domain::idempotency::{Claim, Record};
use domain::ids::{DeadLetterId, FileId, JobId, OrderId, ScheduleId, TenantId, WebhookEndpointId};
use domain::job::Place;
use domain::time::Timestamp;
use domain::webhook::Endpoint;
use ports::platform::{Platform, PlatformChange, PlatformCommit, PlatformError};
use ports::{PortError, PortErrorKind};
use std::collections::{BTreeSet, HashSet};

use super::commit::follows;
use super::{PlatformTable, Store};

const OPERATION: &str = "platform.commit";

#[async_trait]
impl Platform for Store {
    async fn commit(&self, commit: PlatformCommit) -> Result<(), PlatformError> {
        self.faults.call(OPERATION, || self.commit_to_platform(commit)).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        let effect = || Ok(self.platform.get().records.live(tenant, claim, now).cloned());
        self.faults.call("platform.find_record", effect).await
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Row {
    File(FileId),
    Job(JobId),
    DeadLetter(DeadLetterId),
    Line,
    Schedule(ScheduleId),
    Endpoint(WebhookEndpointId),
    Allowance(Month),
}

impl Store {
    fn commit_to_platform(&self, commit: PlatformCommit) -> Result<(), PlatformError> {
        let PlatformCommit { tenant, record, changes, events, now } = commit;
        let mut platform = self.platform.get();
        let mut commerce = self.commerce.get();
        let names_one_tenant = changes.iter().all(|change| tenant_of(change) == tenant);
        let mut rows = HashSet::new();
        let names_rows_once = changes.iter().map(row_of).all(|row| rows.insert(row));
        if !names_one_tenant
            || !names_rows_once
            || begins_beside_others(&changes)
            || events.iter().any(|event| event.tenant != tenant)
        {
            return Err(PortError::new(PortErrorKind::Rejected, OPERATION).into());
        }
        if let Some(claimed) = record.as_ref().and_then(|record| platform.records.live(tenant, &record.claim, now)) {
            return Err(PlatformError::Claimed(Box::new(claimed.clone())));
        }
        if !changes.iter().all(|change| platform.allows(change)) || commerce.has_event_of(&events) {
            return Err(PlatformError::Stale);
        }
        if !changes.iter().all(|change| platform.has_room_for(change)) {
            return Err(PlatformError::LineFull);
        }
        if !changes.iter().all(|change| platform.affords(change)) {
            return Err(PlatformError::Exhausted);
        }

        if let Some(record) = record {
            platform.records.insert(tenant, record);
            platform.stream.push_other();
        }
        for change in changes {
            platform.write(change);
        }
        commerce.log(events);
        Ok(())
    }
}

impl PlatformTable {
    fn allows(&self, change: &PlatformChange) -> bool {
        let file = |id| self.files.get(&(tenant_of(change), id));
        let job = |id| self.jobs.get(&(tenant_of(change), id));
        let schedule = |id| self.schedules.get(&(tenant_of(change), id)).map(|schedule| schedule.version);
        let letter = |id| self.dead_letters.get(&(tenant_of(change), id));
        let endpoint = |id| self.endpoints.get(&(tenant_of(change), id));
        match change {
            PlatformChange::CreateFile(new) => file(new.id).is_none(),
            PlatformChange::UpdateFile(new) => follows(file(new.id).map(|file| file.version), new.version),
            PlatformChange::AttachFile { file: new, attachment } => {
                follows(file(new.id).map(|file| file.version), new.version)
                    && !self.attachments.contains_key(&place_of(attachment))
            }
            PlatformChange::DetachFile { file: new, attachments } => {
                follows(file(new.id).map(|file| file.version), new.version)
                    && attachments.iter().all(|gone| self.attachments.get(&place_of(gone)) == Some(gone))
            }
            PlatformChange::CreateJob(new) => job(new.id).is_none(),
            PlatformChange::UpdateJob(new) => follows(job(new.id).map(|job| job.version), new.version),
            PlatformChange::PauseJobs { .. } => true,
            PlatformChange::CreateSchedule(new) => schedule(new.id).is_none(),
            PlatformChange::UpdateSchedule(new) => follows(schedule(new.id), new.version),
            PlatformChange::DeleteSchedule(known) => schedule(known.id) == Some(known.version),
            PlatformChange::CreateDeadLetter(new) => letter(new.id).is_none(),
            PlatformChange::UpdateDeadLetter(new) => follows(letter(new.id).map(|letter| letter.version), new.version),
            PlatformChange::CreateEndpoint(new) => endpoint(new.id).is_none(),
            PlatformChange::UpdateEndpoint(new) => {
                follows(endpoint(new.id).map(|endpoint| endpoint.version), new.version)
            }
            PlatformChange::RestartEndpoint(new) => {
                let stored = endpoint(new.id);
                follows(stored.map(|endpoint| endpoint.version), new.version)
                    && follows(stored.map(|endpoint| endpoint.health.version), new.health.version)
            }
            PlatformChange::DeleteEndpoint(known) => {
                endpoint(known.id).is_some_and(|endpoint| endpoint.version == known.version)
            }
            PlatformChange::Reserve { .. } | PlatformChange::Settle { .. } => true,
        }
    }

    /// Whether a job that begins may.
    fn has_room_for(&self, change: &PlatformChange) -> bool {
        let PlatformChange::UpdateJob(job) = change else { return true };
        if job.place() != Place::Begins {
            return true;
        }
        let fits = |running: &BTreeSet<JobId>| running.contains(&job.id) || running.len() < job.priority.running_max();
        !self.paused.contains(&job.tenant) && self.running.get(&job.tenant).is_none_or(fits)
    }

    fn affords(&self, change: &PlatformChange) -> bool {
        let PlatformChange::Reserve { tenant, month, spending, cap } = change else { return true };
        let spent = self.allowances.get(&(*tenant, *month)).copied().unwrap_or_default();
        spent.plus(*spending).is_within(*cap)
    }

    fn write(&mut self, change: PlatformChange) {
        match change {
            PlatformChange::CreateFile(file) | PlatformChange::UpdateFile(file) => {
                self.files.insert((file.tenant, file.id), file);
            }
            PlatformChange::AttachFile { file, attachment } => {
                self.files.insert((file.tenant, file.id), file);
                self.attachments.insert(place_of(&attachment), attachment);
            }
            PlatformChange::DetachFile { file, attachments } => {
                self.files.insert((file.tenant, file.id), file);
                for gone in &attachments {
                    self.attachments.remove(&place_of(gone));
                }
            }
            PlatformChange::PauseJobs { tenant, paused: true } => drop(self.paused.insert(tenant)),
            PlatformChange::PauseJobs { tenant, paused: false } => drop(self.paused.remove(&tenant)),
            PlatformChange::CreateJob(job) | PlatformChange::UpdateJob(job) => {
                let running = self.running.entry(job.tenant).or_default();
                match job.place() {
                    Place::Begins => drop(running.insert(job.id)),
                    Place::Waits | Place::Out => drop(running.remove(&job.id)),
                    Place::Runs => {}
                }
                self.jobs.insert((job.tenant, job.id), job);
            }
            PlatformChange::CreateSchedule(schedule) | PlatformChange::UpdateSchedule(schedule) => {
                self.schedules.insert((schedule.tenant, schedule.id), schedule);
            }
            PlatformChange::DeleteSchedule(schedule) => {
                self.schedules.remove(&(schedule.tenant, schedule.id));
            }
            PlatformChange::CreateDeadLetter(letter) | PlatformChange::UpdateDeadLetter(letter) => {
                self.dead_letters.insert((letter.tenant, letter.id), letter);
            }
            PlatformChange::UpdateEndpoint(endpoint) => {
                if let Some(stored) = self.endpoints.get_mut(&(endpoint.tenant, endpoint.id)) {
                    let health = stored.health.clone();
                    *stored = Endpoint { health, ..endpoint };
                }
            }
            PlatformChange::CreateEndpoint(endpoint) | PlatformChange::RestartEndpoint(endpoint) => {
                self.endpoints.insert((endpoint.tenant, endpoint.id), endpoint);
            }
            PlatformChange::DeleteEndpoint(endpoint) => {
                self.endpoints.remove(&(endpoint.tenant, endpoint.id));
            }
            PlatformChange::Reserve { tenant, month, spending, cap: _ } => {
                let spent = self.allowances.entry((tenant, month)).or_default();
                *spent = spent.plus(spending);
            }
            PlatformChange::Settle { tenant, month, reserved, spent: came_to } => {
                let spent = self.allowances.entry((tenant, month)).or_default();
                *spent = spent.plus(came_to).less(reserved);
            }
        }
        self.stream.push_other();
    }
}

fn place_of(Attachment { tenant, order, slot, .. }: &Attachment) -> (TenantId, OrderId, Slot) {
    (*tenant, *order, *slot)
}

/// A job begins and another one moves as well: no line is changed in both ways at once.
fn begins_beside_others(changes: &[PlatformChange]) -> bool {
    let place =
        |change: &PlatformChange| if let PlatformChange::UpdateJob(job) = change { Some(job.place()) } else { None };
    let moves: Vec<Place> = changes.iter().filter_map(place).filter(|place| *place != Place::Runs).collect();
    moves.len() > 1 && moves.contains(&Place::Begins)
}

fn tenant_of(change: &PlatformChange) -> TenantId {
    match change {
        PlatformChange::CreateFile(file)
        | PlatformChange::UpdateFile(file)
        | PlatformChange::AttachFile { file, attachment: _ }
        | PlatformChange::DetachFile { file, attachments: _ } => file.tenant,
        PlatformChange::CreateJob(job) | PlatformChange::UpdateJob(job) => job.tenant,
        PlatformChange::PauseJobs { tenant, paused: _ } => *tenant,
        PlatformChange::CreateSchedule(schedule)
        | PlatformChange::UpdateSchedule(schedule)
        | PlatformChange::DeleteSchedule(schedule) => schedule.tenant,
        PlatformChange::CreateDeadLetter(letter) | PlatformChange::UpdateDeadLetter(letter) => letter.tenant,
        PlatformChange::CreateEndpoint(endpoint)
        | PlatformChange::UpdateEndpoint(endpoint)
        | PlatformChange::RestartEndpoint(endpoint)
        | PlatformChange::DeleteEndpoint(endpoint) => endpoint.tenant,
        PlatformChange::Reserve { tenant, .. } | PlatformChange::Settle { tenant, .. } => *tenant,
    }
}

fn row_of(change: &PlatformChange) -> Row {
    match change {
        PlatformChange::CreateFile(file)
        | PlatformChange::UpdateFile(file)
        | PlatformChange::AttachFile { file, attachment: _ }
        | PlatformChange::DetachFile { file, attachments: _ } => Row::File(file.id),
        PlatformChange::CreateJob(job) | PlatformChange::UpdateJob(job) => Row::Job(job.id),
        PlatformChange::PauseJobs { .. } => Row::Line,
        PlatformChange::CreateSchedule(schedule)
        | PlatformChange::UpdateSchedule(schedule)
        | PlatformChange::DeleteSchedule(schedule) => Row::Schedule(schedule.id),
        PlatformChange::CreateDeadLetter(letter) | PlatformChange::UpdateDeadLetter(letter) => {
            Row::DeadLetter(letter.id)
        }
        PlatformChange::CreateEndpoint(endpoint)
        | PlatformChange::UpdateEndpoint(endpoint)
        | PlatformChange::RestartEndpoint(endpoint)
        | PlatformChange::DeleteEndpoint(endpoint) => Row::Endpoint(endpoint.id),
        PlatformChange::Reserve { month, .. } | PlatformChange::Settle { month, .. } => Row::Allowance(*month),
    }
}
