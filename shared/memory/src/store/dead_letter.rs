//! Reading dead letters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::dead_letter::{DeadLetter, DeadLetterStatus, Death};
use domain::event::Queue;
use domain::ids::{DeadLetterId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::platform::DeadLetters;

use super::Store;
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

    async fn waiting(
        &self,
        until: Timestamp,
        page: PageRequest<Death>,
    ) -> Result<Page<(TenantId, DeadLetterId), Death>, PortError> {
        let effect = || {
            let PageRequest { limit, after } = page;
            let table = self.platform.get();
            let letters = table.dead_letters.values().filter(|letter| waits(letter) && letter.died_at <= until);
            let mut found: Vec<(Death, TenantId)> = letters
                .map(|letter| (Death { at: letter.died_at, id: letter.id }, letter.tenant))
                .filter(|(death, _)| after.is_none_or(|after| *death > after))
                .collect();
            found.sort_unstable();
            let is_more = found.len() > limit.get();
            found.truncate(limit.get());
            let next = found.last().filter(|_| is_more).map(|(death, _)| *death);
            Ok(Page { items: found.into_iter().map(|(death, tenant)| (tenant, death.id)).collect(), next })
        };
        self.faults.call("dead_letters.waiting", effect).await
    }
}
