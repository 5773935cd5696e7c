//! Reading schedules.

use async_trait::async_trait;
use domain::ids::{ScheduleId, TenantId};
use domain::page::{Page, PageRequest};
use domain::schedule::Schedule;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::Schedules;

use super::Store;
use super::due::oldest_first;
use super::page::{by_id, newest_first, page};

#[async_trait]
impl Schedules for Store {
    async fn get(&self, tenant: TenantId, id: ScheduleId, _: Consistency) -> Result<Option<Schedule>, PortError> {
        self.faults.call("schedules.get", || Ok(self.platform.get().schedules.get(&(tenant, id)).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        request: PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, PortError> {
        let effect = || Ok(page(newest_first(&self.platform.get().schedules, tenant), request, by_id));
        self.faults.call("schedules.list", effect).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, ScheduleId)>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let rows = table.schedules.iter().map(|(place, schedule)| (schedule.check_at(), *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("schedules.due", effect).await
    }
}
