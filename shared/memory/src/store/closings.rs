//! Closings by account and last entry.

use async_trait::async_trait;
use domain::closing::Closing;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, Entry};
use ports::PortError;
use ports::closings::Closings;

use super::Store;

const LAST: EntryId = EntryId::from_u128(u128::MAX);

#[async_trait]
impl Closings for Store {
    async fn last(&self, tenant: TenantId, account: AccountId, before: EntryId) -> Result<Option<Closing>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let earlier = table.closings.range((tenant, account, EntryId::from_u128(0))..(tenant, account, before));
            Ok(earlier.last().map(|(_, closing)| *closing))
        };
        self.faults.call("closings.last", effect).await
    }

    async fn from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<Closing>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let later = table.closings.range((tenant, account, from)..=(tenant, account, LAST));
            Ok(later.take(limit).map(|(_, closing)| *closing).collect())
        };
        self.faults.call("closings.from", effect).await
    }

    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        after: Option<EntryId>,
        before: EntryId,
        limit: usize,
    ) -> Result<Vec<Entry>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let later = table.entries.range((tenant, account, after.unwrap_or(EntryId::from_u128(0)))..);
            let of_account =
                later.take_while(|((owner, of, id), _)| (*owner, *of) == (tenant, account) && *id < before);
            let found = of_account.filter(|((_, _, id), _)| after.is_none_or(|after| *id > after));
            Ok(found.take(limit).map(|(_, entry)| entry.clone()).collect())
        };
        self.faults.call("closings.entries", effect).await
    }

    async fn close(&self, tenant: TenantId, closing: &Closing) -> Result<(), PortError> {
        let effect = || {
            let mut table = self.commerce.get();
            table.closings.insert((tenant, closing.account, closing.upto), *closing);
            table.stream.push_other();
            Ok(())
        };
        self.faults.call("closings.close", effect).await
    }
}
