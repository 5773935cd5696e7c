//! A balance at a past time is the sum of the entries that were made until then (C3), whatever has been closed; and what has
//! been closed is the sum of its entries.

use app::closings::posted_at;
use domain::ids::TenantId;
use domain::ledger::{AccountId, Entry};
use memory::Contents;

use super::{Holds, ensure};
use crate::tasks::run;
use crate::world::World;

/// Of an account, so many moments are looked at.
const MOMENTS_MAX: usize = 8;

pub(super) fn holds(world: &World, contents: &Contents) -> Holds {
    for (tenant, balance) in &contents.balances {
        let of_account = contents.entries.iter().filter(|(owner, it)| (owner, it.account) == (tenant, balance.account));
        let entries: Vec<&Entry> = of_account.map(|(_, entry)| entry).collect();
        account(world, *tenant, balance.account, &entries)?;
        for (_, closing) in contents.closings.iter().filter(|(of, it)| (of, it.account) == (tenant, balance.account)) {
            let booked: i64 = entries.iter().filter(|it| it.id <= closing.upto).map(|entry| entry.amount).sum();
            ensure(booked == closing.tally.sum, || format!("{closing:?} is of entries that sum to {booked}"))?;
        }
    }
    Ok(())
}

fn account(world: &World, tenant: TenantId, account: AccountId, entries: &[&Entry]) -> Holds {
    let step = entries.len().div_ceil(MOMENTS_MAX).max(1);
    for at in entries.iter().step_by(step).map(|entry| entry.created_at) {
        let booked: i64 = entries.iter().filter(|entry| entry.created_at <= at).map(|entry| entry.amount).sum();
        let store = world.store.as_ref();
        let shown = run(posted_at(store, store, tenant, account, at)).map_err(|error| error.to_string())?;
        ensure(shown == booked, || format!("{account} showed {booked} at {} ms, not {shown}", at.as_ms()))?;
    }
    Ok(())
}
