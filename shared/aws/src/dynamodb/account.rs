//! Reading the ledger: balances, entries and transactions.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, AccountKind, BALANCE_SHARDS, Balance, Entry, Source, Transaction};
use domain::page::{Page, PageRequest};
use domain::wallet::Wallet;
use ports::PortError;
use ports::commerce::{Accounts, Consistency, Wallets};

use super::CommerceTable;
use super::balance::BalanceRow;
use super::key::{self, Key, Partition};
use super::query::{Bounds, Listing};
use super::record::decode;
use super::transaction::StoredEntry;
use crate::error::port_error;

#[async_trait]
impl Accounts for CommerceTable {
    async fn balance(&self, tenant: TenantId, account: AccountId) -> Result<Option<Balance>, PortError> {
        if let AccountKind::Wallet(_) = account.kind {
            let wallet = Wallets::get(self, tenant, account, Consistency::Strong).await?;
            return Ok(wallet.as_ref().map(Wallet::balance));
        }
        let rows = key::balance_rows(account);
        let request = self.0.query(&Partition::balances(tenant), rows).consistent_read(true);
        let answer = request.send().await.map_err(|error| port_error("read a balance", error))?;
        Ok(balances(answer)?.pop())
    }

    /// Reads as many rows as the page's accounts can have; an account cut off at the end is left to the next page.
    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<AccountId>,
    ) -> Result<Page<Balance, AccountId>, PortError> {
        let PageRequest { limit, after } = page;
        let bounds = Bounds { from: after.map(key::after_balance_rows), before: None };
        let rows_max = (limit.get() + 1) * usize::from(BALANCE_SHARDS);
        let request = self.0.query(&Partition::balances(tenant), bounds).consistent_read(true);
        let answer = request
            .limit(i32::try_from(rows_max).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("list accounts", error))?;
        let mut items = balances(answer)?;
        let one_more = items.len() > limit.get();
        items.truncate(limit.get());
        let next = items.last().filter(|_| one_more).map(|balance| balance.account);
        Ok(Page { items, next })
    }

    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        page: PageRequest<EntryId>,
    ) -> Result<Page<Entry, EntryId>, PortError> {
        let partition = Partition::entries(tenant, account);
        let listing = Listing { partition, from: None, to: None, page, filter: None };
        let Page { items, next } = self.0.page::<StoredEntry, EntryId>("list entries", listing).await?;
        Ok(Page { items: items.into_iter().map(|stored| stored.entry).collect(), next })
    }

    async fn transaction(&self, tenant: TenantId, source: Source) -> Result<Option<Transaction>, PortError> {
        self.0.get("get a transaction", Key::transaction(tenant, source), Consistency::Strong).await
    }
}

/// Rows come in order of account: those of one are next to each other.
fn balances(answer: QueryOutput) -> Result<Vec<Balance>, PortError> {
    let mut balances: Vec<Balance> = Vec::new();
    for item in answer.items.unwrap_or_default() {
        let row: BalanceRow = decode(item)?;
        let account = row.account();
        if balances.last().is_none_or(|last| last.account != account) {
            balances.push(Balance { account, posted: 0, pending: 0 });
        }
        if let Some(balance) = balances.last_mut() {
            row.add_to(balance);
        }
    }
    Ok(balances)
}
