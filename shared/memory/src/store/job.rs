//! Reading jobs.

use async_trait::async_trait;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobStatus, Place};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::{Jobs, LINE_SHOWN, Line};

use super::Store;
use super::due::oldest_first;
use super::page::{by_id, newest_first, page};

#[async_trait]
impl Jobs for Store {
    async fn get(&self, tenant: TenantId, id: JobId, _: Consistency) -> Result<Option<Job>, PortError> {
        self.faults.call("jobs.get", || Ok(self.platform.get().jobs.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        status: Option<JobStatus>,
        request: PageRequest<JobId>,
    ) -> Result<Page<Job, JobId>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let fits = |job: &Job| status.is_none_or(|status| job.status == status);
            Ok(page(newest_first(&table.jobs, tenant).filter(|(_, job)| fits(job)), request, by_id))
        };
        self.faults.call("jobs.list", effect).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, JobId)>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let rows = table.jobs.iter().map(|(place, job)| (job.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("jobs.due", effect).await
    }

    async fn line(&self, tenant: TenantId) -> Result<Line, PortError> {
        let effect = || {
            let table = self.platform.get();
            let jobs = newest_first(&table.jobs, tenant).filter(|(_, job)| job.place() == Place::Waits);
            let mut waiting: Vec<_> = jobs.map(|(id, job)| (job.priority, id)).collect();
            waiting.sort_unstable();
            Ok(Line {
                paused: table.paused.contains(&tenant),
                running: table.running.get(&tenant).map_or(0, |running| running.len()),
                waiting: waiting.into_iter().map(|(_, id)| id).take(LINE_SHOWN).collect(),
            })
        };
        self.faults.call("jobs.line", effect).await
    }
}
