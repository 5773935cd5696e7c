//! Reading jobs.

use async_trait::async_trait;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobStatus};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::Jobs;

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
}
