//! Closing accounts, and balances at a past time by what was closed.

use domain::closing::{CLOSING_ENTRIES_MAX, Closing, Until, settled_before};
use domain::ids::TenantId;
use domain::ledger::AccountId;
use domain::page::PageRequest;
use domain::time::Timestamp;
use ports::closings::Closings;
use ports::commerce::Accounts;
use ports::{PortError, PortErrorKind};

use crate::Error;

/// Of one account at once; what is left is closed the next time.
const CLOSINGS_MAX: usize = 20;
/// What lies between a closing and a later moment: less than one page, but for what is younger than it can be closed.
const PAGES_MAX: usize = 50;

/// Closes all accounts of a tenant as far as entries are settled. May be done at any time, by several at once. Wallets are
/// closed one by one when they are verified: a tenant may have too many to close all at once, and each has few entries.
pub async fn close(
    accounts: &dyn Accounts,
    closings: &dyn Closings,
    tenant: TenantId,
    now: Timestamp,
) -> Result<(), PortError> {
    let mut page = PageRequest::default();
    loop {
        let listed = accounts.list(tenant, page).await?;
        for balance in &listed.items {
            close_account(closings, tenant, balance.account, now).await?;
        }
        let Some(next) = listed.next else { return Ok(()) };
        page.after = Some(next);
    }
}

/// One account, as far as its entries are settled.
pub(crate) async fn close_account(
    closings: &dyn Closings,
    tenant: TenantId,
    account: AccountId,
    now: Timestamp,
) -> Result<(), PortError> {
    let before = settled_before(now);
    let mut last = closings.last(tenant, account, before).await?;
    for _ in 0..CLOSINGS_MAX {
        let after = last.map(|last| last.upto);
        let entries = closings.entries(tenant, account, after, before, CLOSING_ENTRIES_MAX).await?;
        let Some(next) = Closing::after(last.as_ref(), account, &entries) else { return Ok(()) };
        closings.close(tenant, &next).await?;
        if entries.len() < CLOSING_ENTRIES_MAX {
            return Ok(());
        }
        last = Some(next);
    }
    Ok(())
}

/// The posted amount of an account at a moment that is not in the future, by the `created_at` of its entries. Zero before
/// the first of them. A moment younger than a closing can be may still get entries from functions that are under way.
pub async fn posted_at(
    accounts: &dyn Accounts,
    closings: &dyn Closings,
    tenant: TenantId,
    account: AccountId,
    at: Timestamp,
) -> Result<i64, Error> {
    let until = Until::of(at);
    let last = closings.last(tenant, account, until.surely).await?;
    let (mut after, mut posted) = (last.map(|last| last.upto), last.map_or(0, |last| last.tally.sum));
    for _ in 0..PAGES_MAX {
        let entries = closings.entries(tenant, account, after, until.perhaps, CLOSING_ENTRIES_MAX).await?;
        posted += entries.iter().filter(|entry| until.has(entry)).map(|entry| entry.amount).sum::<i64>();
        if entries.len() < CLOSING_ENTRIES_MAX {
            let has_some = last.is_some() || after.is_some() || !entries.is_empty();
            // Nothing until then: has anything been booked on it later?
            if !has_some && accounts.balance(tenant, account).await?.is_none() {
                return Err(Error::NotFound("account"));
            }
            return Ok(posted);
        }
        after = entries.last().map(|entry| entry.id);
    }
    Err(PortError::new(PortErrorKind::Throttled, "add up young entries").into())
}
