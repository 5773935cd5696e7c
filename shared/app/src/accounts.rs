//! Accounts of the ledger: balances and entries.

use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, Balance, Entry};
use domain::page::{Page, PageRequest};
use ports::commerce::Accounts;

use crate::Error;

pub async fn get(accounts: &dyn Accounts, tenant: TenantId, account: AccountId) -> Result<Balance, Error> {
    accounts.balance(tenant, account).await?.ok_or(Error::NotFound("account"))
}

pub async fn list(
    accounts: &dyn Accounts,
    tenant: TenantId,
    page: PageRequest<AccountId>,
) -> Result<Page<Balance, AccountId>, Error> {
    Ok(accounts.list(tenant, page).await?)
}

/// An empty page is told from an account that is not there.
pub async fn entries(
    accounts: &dyn Accounts,
    tenant: TenantId,
    account: AccountId,
    page: PageRequest<EntryId>,
) -> Result<Page<Entry, EntryId>, Error> {
    let entries = accounts.entries(tenant, account, page).await?;
    if entries.items.is_empty() {
        get(accounts, tenant, account).await?;
    }
    Ok(entries)
}
