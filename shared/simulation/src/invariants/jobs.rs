//! A job comes to one end, is told of once at each, and what it says that it has made is there, whole: no row twice, none
//! left out that was there when it was asked for (I6, J5); and never do more of a tenant run than its line has
//! room for (F3).

use std::collections::BTreeSet;
use std::time::Duration;

use domain::event::EventType;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobResult, JobStatus, Priority};
use domain::task::{Report, ReportFormat, ReportKind, Task};
use ports::blobs::BlobKey;

use super::{Books, Holds, ensure};
use crate::world::World;

/// Beyond what the runs let clocks and calls be off by.
const IN_FLIGHT_MAX: Duration = Duration::from_secs(150);

pub(super) fn hold(world: &World, jobs: &[Job], books: &Books) -> Holds {
    let runs = jobs.iter().filter(|job| job.status == JobStatus::Running);
    let runs: BTreeSet<(TenantId, JobId)> = runs.map(|job| (job.tenant, job.id)).collect();
    let in_lines = world.store.running_jobs();
    ensure(runs == in_lines, || format!("{runs:?} run, the lines say {in_lines:?}"))?;
    let most = runs.iter().map(|(tenant, _)| runs.iter().filter(|(of, _)| of == tenant).count()).max().unwrap_or(0);
    ensure(most <= Priority::High.running_max(), || format!("{most} jobs of one tenant run at once"))?;
    jobs.iter().try_for_each(|job| {
        let told = |kind| books.events_of(&job.id.to_string(), kind);
        let (succeeded, failed) = (told(EventType::JobSucceeded), told(EventType::JobFailed));
        let is_told = told(EventType::JobCreated) == 1
            && succeeded == usize::from(job.status == JobStatus::Succeeded)
            && failed == told(EventType::JobRetried) + usize::from(job.status == JobStatus::Failed)
            && told(EventType::JobCancelled) == usize::from(job.status == JobStatus::Cancelled);
        ensure(is_told, || format!("{job:?} is told of as succeeded {succeeded} times, as failed {failed} times"))?;
        match &job.task {
            Task::Report(report) if job.status == JobStatus::Succeeded => is_made(world, books, job, report),
            Task::Report(_) | Task::Extraction(_) => Ok(()),
        }
    })
}

fn is_made(world: &World, books: &Books, job: &Job, report: &Report) -> Holds {
    let broken = |what: &str| format!("the report of {job:?} {what}");
    let Some(JobResult::Object(result)) = job.result else { return Err(broken("is not named")) };
    let bytes = world.blobs.bytes_of(BlobKey::report(job.tenant, job.id, result.object));
    let bytes = bytes.ok_or_else(|| broken("is not there"))?;
    if report.format == ReportFormat::Pdf {
        return ensure(bytes.len() as u64 == result.bytes, || broken("has another size"));
    }
    let text = String::from_utf8(bytes).map_err(|_| broken("is no text"))?;
    let rows: Vec<&str> = text.split_terminator("\r\n").skip(1).collect();
    let is_whole = (rows.len() as u64, text.len() as u64) == (result.rows, result.bytes);
    ensure(is_whole, || broken(&format!("has {} rows, {} bytes", rows.len(), text.len())))?;
    let column = match report.kind {
        ReportKind::Payments => 0,
        ReportKind::Ledger => 2,
    };
    let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row.split(',').nth(column)).collect();
    ensure(ids.len() == rows.len(), || broken("has a row twice"))?;
    let wanted = books.payments.values().filter(|payment| {
        // Clocks differ, and a commit may take effect a while after its moment.
        let was_there = payment.created_at.plus(IN_FLIGHT_MAX) < job.created_at;
        let is_of_job = payment.tenant == job.tenant && was_there;
        is_of_job && (report.from..report.to).contains(&payment.created_at)
    });
    let left_out = wanted.map(|payment| payment.id.to_string()).find(|id| !ids.contains(id.as_str()));
    let is_of_payments = report.kind == ReportKind::Payments;
    ensure(!is_of_payments || left_out.is_none(), || broken(&format!("has no row of {left_out:?}")))
}
