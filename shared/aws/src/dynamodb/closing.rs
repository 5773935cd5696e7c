//! Closings of an account, found by their last entry.

use async_trait::async_trait;
use domain::closing::Closing;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, Entry};
use domain::verification::Tally;
use ports::PortError;
use ports::closings::Closings;
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::{Key, Partition};
use super::query::Bounds;
use super::record::{Kind, Reader, Stored, Unreadable, decode, encode};
use super::transaction::StoredEntry;
use crate::error::port_error;

#[async_trait]
impl Closings for CommerceTable {
    async fn last(&self, tenant: TenantId, account: AccountId, before: EntryId) -> Result<Option<Closing>, PortError> {
        let bounds = Bounds { from: None, before: Some(before.to_string()) };
        let request = self.0.query(&Partition::closings(tenant, account), bounds);
        let answer = request.consistent_read(true).scan_index_forward(false).limit(1).send().await;
        let answer = answer.map_err(|error| port_error("find a closing", error))?;
        let closing = answer.items.unwrap_or_default().pop().map(decode::<StoredClosing>).transpose()?;
        Ok(closing.map(|stored| stored.closing))
    }

    async fn from(
        &self,
        tenant: TenantId,
        account: AccountId,
        from: EntryId,
        limit: usize,
    ) -> Result<Vec<Closing>, PortError> {
        let bounds = Bounds { from: Some(from.to_string()), before: None };
        let items = self.ascending("read closings", Partition::closings(tenant, account), bounds, limit).await?;
        items.into_iter().map(|item| decode::<StoredClosing>(item).map(|stored| stored.closing)).collect()
    }

    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        after: Option<EntryId>,
        before: EntryId,
        limit: usize,
    ) -> Result<Vec<Entry>, PortError> {
        let from = after.map(|after| EntryId::from_u128(after.as_u128().saturating_add(1)));
        if from.is_some_and(|from| from >= before) {
            return Ok(Vec::new());
        }
        let bounds = Bounds { from: from.map(|from| from.to_string()), before: Some(before.to_string()) };
        let items = self.ascending("read entries", Partition::entries(tenant, account), bounds, limit).await?;
        items.into_iter().map(|item| decode::<StoredEntry>(item).map(|stored| stored.entry)).collect()
    }

    /// Whoever closes up to an entry writes the same, so it needs no condition.
    async fn close(&self, tenant: TenantId, closing: &Closing) -> Result<(), PortError> {
        let item = encode(&StoredClosing { tenant, closing: *closing })?;
        let request = self.0.client.put_item().table_name(&*self.0.name).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| port_error("write a closing", error))
    }
}

/// A closing and whose it is.
pub(super) struct StoredClosing {
    pub(super) tenant: TenantId,
    pub(super) closing: Closing,
}

impl Stored for StoredClosing {
    const KIND: Kind = Kind::Closing;
    type Record = ClosingRecord;

    fn key(&self) -> Key {
        Key::closing(self.tenant, self.closing.account, self.closing.upto)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ClosingRecord {
    tenant: String,
    account: String,
    upto: String,
    posted: i64,
    entries: u64,
}

impl From<&StoredClosing> for ClosingRecord {
    fn from(stored: &StoredClosing) -> Self {
        let StoredClosing { tenant, closing: Closing { account, upto, tally: Tally { sum, count } } } = stored;
        Self {
            tenant: tenant.to_string(),
            account: account.to_string(),
            upto: upto.to_string(),
            posted: *sum,
            entries: *count,
        }
    }
}

impl TryFrom<ClosingRecord> for StoredClosing {
    type Error = Unreadable;

    fn try_from(record: ClosingRecord) -> Result<Self, Unreadable> {
        let ClosingRecord { tenant, account, upto, posted, entries } = record;
        let reader = Reader(Kind::Closing);
        let closing = Closing {
            account: reader.parse("account", &account)?,
            upto: reader.parse("upto", &upto)?,
            tally: Tally { sum: posted, count: entries },
        };
        Ok(Self { tenant: reader.parse("tenant", &tenant)?, closing })
    }
}
