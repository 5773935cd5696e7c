//! An account's entries against its transactions, up to the cut, against its closings and against its balance.
//!
//! A balance is read between two looks at the youngest entries. Where both looks see the same, nothing was posted in between
//! and the balance is that of exactly these entries; else it is read again. A transaction's rows become visible one after the
//! other within milliseconds, so a difference counts when it is seen twice in the same way. An account that is written too
//! fast for that is undecided and is looked at with the next verification.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::ids::EntryId;
use domain::ledger::{AccountId, Balance};
use domain::page::PageRequest;
use domain::verification::{self, Fault, ID_SKEW_MAX, settled_at};
use ports::PortError;

use super::progress::{Accounts, Progress, Step, Text, Walk, Wallets, is_wallet};
use super::rows::fault;
use super::{Mode, Verifying, readable};
use crate::{Context, closings};

const ENTRIES_A_PAGE: usize = 1_000;
/// Of the young entries: what an account gets within quarter of an hour.
const YOUNG_PAGES_MAX: usize = 50;
const LOOKS_MAX: usize = 5;

pub(super) async fn accounts(
    context: &Context<'_>,
    on: Verifying<'_>,
    progress: &mut Progress,
    of: Accounts,
    mode: Mode,
) -> Result<(), PortError> {
    let Accounts { mut left, walk, wallets } = of;
    let walk = match walk {
        Some(walk) => walk,
        None if left.is_empty() => {
            progress.step = match wallets {
                Wallets::After(after) => Step::Accounts(list_wallets(on, progress, after).await?),
                Wallets::AllListed => {
                    progress.compare_wallets();
                    let wrong = verification::trial_balance(&progress.entry_tallies());
                    wrong.into_iter().for_each(|fault| progress.found(fault));
                    Step::Done
                }
            };
            return Ok(());
        }
        None => Walk { account: left.remove(0), from: Text(EntryId::from_u128(0)), sum: 0 },
    };
    let account = walk.account.0;
    let walk = walk_on(context, on, progress, walk).await?;
    if walk.is_none() && is_wallet(account) && mode == Mode::Job {
        closings::close_account(on.closings, progress.tenant(), account, context.now()).await?;
    }
    progress.step = Step::Accounts(Accounts { left, walk, wallets });
    Ok(())
}

/// Newest first. One that is made while others are looked at has no entries up to the cut.
async fn list_wallets(
    on: Verifying<'_>,
    progress: &mut Progress,
    after: Option<Text<AccountId>>,
) -> Result<Accounts, PortError> {
    let page = PageRequest { after: after.map(|account| account.0), ..PageRequest::default() };
    let listed = readable(progress, "the wallets", on.wallets.list(progress.tenant(), page).await)?;
    let (items, next) = listed.map(|page| (page.items, page.next)).unwrap_or_default();
    let left = items.iter().map(|wallet| Text(wallet.account())).collect();
    let wallets = next.map_or(Wallets::AllListed, |next| Wallets::After(Some(Text(next))));
    Ok(Accounts { left, walk: None, wallets })
}

/// One page of old entries; after the last, the account is compared. `None` when it is done with.
async fn walk_on(
    context: &Context<'_>,
    on: Verifying<'_>,
    progress: &mut Progress,
    mut walk: Walk,
) -> Result<Option<Walk>, PortError> {
    let account = walk.account.0;
    let young_from = EntryId::floor_at(settled_at(context.now()).plus(ID_SKEW_MAX));
    let begin = walk.from.0;
    let mut sums = BTreeMap::new();
    let page = on.rows.entries_from(progress.tenant(), account, begin, ENTRIES_A_PAGE).await?;
    let mut is_last = page.len() < ENTRIES_A_PAGE;
    for row in page {
        match row {
            Ok(entry) if entry.id >= young_from => {
                is_last = true;
                break;
            }
            Ok(entry) => {
                if entry.created_at <= progress.cut() {
                    progress.count_entry(account, entry.amount);
                }
                walk.sum = walk.sum.saturating_add(entry.amount);
                sums.insert(entry.id, walk.sum);
                walk.from = walk.from.max(Text(EntryId::from_u128(entry.id.as_u128().saturating_add(1))));
            }
            Err(unreadable) => progress.found(fault(unreadable)),
        }
    }
    // Ids that were changed must not lead back.
    is_last |= walk.from.0 == begin;
    let end = if is_last { young_from } else { walk.from.0 };
    compare_closings(on, progress, account, begin..end, &sums).await?;
    if !is_last {
        return Ok(Some(walk));
    }
    let (of_entries, of_transactions) = progress.tallies(account);
    if of_entries != of_transactions && !is_wallet(account) {
        progress.found(Fault::Entries { account, of_entries, of_transactions });
    }
    balance(on, progress, &walk).await?;
    Ok(None)
}

/// That each closing among a page's entries is their sum up to it.
async fn compare_closings(
    on: Verifying<'_>,
    progress: &mut Progress,
    account: AccountId,
    range: Range<EntryId>,
    sums: &BTreeMap<EntryId, i64>,
) -> Result<(), PortError> {
    let found = on.closings.from(progress.tenant(), account, range.start, ENTRIES_A_PAGE).await;
    let Some(found) = readable(progress, &format!("the closings of {account}"), found)? else { return Ok(()) };
    for closing in found.into_iter().take_while(|closing| closing.upto < range.end) {
        if sums.get(&closing.upto) != Some(&closing.tally.sum) {
            progress.found(Fault::Closing { account, closing: closing.upto });
        }
    }
    Ok(())
}

/// What is after the old entries.
struct Young {
    ids: Vec<EntryId>,
    sum: i64,
}

async fn balance(on: Verifying<'_>, progress: &mut Progress, walk: &Walk) -> Result<(), PortError> {
    let account = walk.account.0;
    let mut seen_before = None;
    for _ in 0..LOOKS_MAX {
        let Some(before) = young(on, progress, walk).await? else { break };
        let shown = on.accounts.balance(progress.tenant(), account).await;
        let Some(shown) = readable(progress, &format!("the balance of {account}"), shown)? else { return Ok(()) };
        let shown = shown.unwrap_or(Balance { account, posted: 0, pending: 0 });
        let Some(after) = young(on, progress, walk).await? else { break };
        if before.ids != after.ids {
            continue;
        }
        let wrong = verification::balance(&shown, walk.sum.saturating_add(before.sum));
        match wrong {
            None => return Ok(()),
            Some(fault) if seen_before.as_ref() == Some(&fault) => {
                progress.found(fault);
                return Ok(());
            }
            Some(fault) => seen_before = Some(fault),
        }
    }
    progress.undecided += 1;
    Ok(())
}

/// `None` when there are more than can be compared.
async fn young(on: Verifying<'_>, progress: &mut Progress, walk: &Walk) -> Result<Option<Young>, PortError> {
    let (mut from, mut young) = (walk.from.0, Young { ids: Vec::new(), sum: 0 });
    for _ in 0..YOUNG_PAGES_MAX {
        let page = on.rows.entries_from(progress.tenant(), walk.account.0, from, ENTRIES_A_PAGE).await?;
        let is_last = page.len() < ENTRIES_A_PAGE;
        // What cannot be read will be old one day and be told of then.
        for entry in page.into_iter().flatten() {
            young.sum = young.sum.saturating_add(entry.amount);
            from = EntryId::from_u128(entry.id.as_u128().saturating_add(1));
            young.ids.push(entry.id);
        }
        if is_last {
            return Ok(Some(young));
        }
    }
    Ok(None)
}
