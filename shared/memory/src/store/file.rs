//! Reading files.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::file::File;
use domain::ids::{FileId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::Files;

use super::due::oldest_first;
use super::page::{by_id, newest_first, page};
use super::{PlatformTable, Store};

#[async_trait]
impl Files for Store {
    async fn get(&self, tenant: TenantId, id: FileId, _: Consistency) -> Result<Option<File>, PortError> {
        self.faults.call("files.get", || Ok(self.platform.get().files.get(&(tenant, id)).cloned())).await
    }

    async fn get_many(&self, tenant: TenantId, ids: &BTreeSet<FileId>, _: Consistency) -> Result<Vec<File>, PortError> {
        let find = |table: &PlatformTable, id| table.files.get(&(tenant, id)).cloned();
        self.get_batch("files.get_many", &self.platform, ids, find).await
    }

    async fn list(&self, tenant: TenantId, request: PageRequest<FileId>) -> Result<Page<File, FileId>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let listed = newest_first(&table.files, tenant).filter(|(_, file)| file.is_listed());
            Ok(page(listed, request, by_id))
        };
        self.faults.call("files.list", effect).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, FileId)>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let rows = table.files.iter().map(|(place, file)| (file.check_at, *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("files.due", effect).await
    }
}
