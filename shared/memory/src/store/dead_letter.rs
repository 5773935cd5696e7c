//! Reading dead letters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::dead_letter::{DeadLetter, DeadLetterStatus};
use domain::event::Queue;
use domain::ids::{DeadLetterId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::platform::DeadLetters;

use super::Store;
use super::due::oldest_first;
use super::page::{by_id, newest_first, page};

fn waits(letter: &DeadLetter) -> bool {
    letter.status == DeadLetterStatus::Waiting
}

#[async_trait]
impl DeadLetters for Store {
    async fn get(&self, tenant: TenantId, id: DeadLetterId) -> Result<Option<DeadLetter>, PortError> {
        let effect = || Ok(self.platform.get().dead_letters.get(&(tenant, id)).cloned());
        self.faults.call("dead_letters.get", effect).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        queue: Option<Queue>,
        request: PageRequest<DeadLetterId>,
    ) -> Result<Page<DeadLetter, DeadLetterId>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let fits = |letter: &DeadLetter| queue.is_none_or(|queue| letter.queue == queue && waits(letter));
            let rows = newest_first(&table.dead_letters, tenant).filter(|(_, letter)| fits(letter));
            Ok(page(rows, request, by_id))
        };
        self.faults.call("dead_letters.list", effect).await
    }

    async fn counts(&self, tenant: TenantId) -> Result<BTreeMap<Queue, u64>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let mut counts = BTreeMap::new();
            for (_, letter) in newest_first(&table.dead_letters, tenant).filter(|(_, letter)| waits(letter)) {
                *counts.entry(letter.queue).or_default() += 1;
            }
            Ok(counts)
        };
        self.faults.call("dead_letters.counts", effect).await
    }

    async fn waiting(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, DeadLetterId)>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let rows = table.dead_letters.iter();
            let rows = rows.map(|(place, letter)| (waits(letter).then_some(letter.died_at), *place));
            Ok(oldest_first(rows, now, limit))
        };
        self.faults.call("dead_letters.waiting", effect).await
    }
}
