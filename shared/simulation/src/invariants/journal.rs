//! The journal: each tenant's chain holds, each transaction in it is there, as it was booked, and in no other block (C5).

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::TenantId;
use domain::journal::{Link, Listed};
use domain::ledger::Source;
use memory::Contents;

use super::{Holds, ensure};

pub(super) fn holds(contents: &Contents) -> Holds {
    let transactions: BTreeMap<(TenantId, Source), _> =
        contents.transactions.iter().map(|it| ((it.tenant(), it.source()), it)).collect();
    let mut heads: BTreeMap<TenantId, Link> = BTreeMap::new();
    let mut listed = BTreeSet::new();
    for block in &contents.blocks {
        let head = heads.entry(block.tenant).or_insert(Link::START);
        block.fits(*head).map_err(|misfit| format!("block {} of {} {misfit}", block.number, block.tenant))?;
        *head = block.link();
        for Listed { source, digest } in &block.transactions {
            let there = transactions.get(&(block.tenant, *source)).map(|it| Listed::from(*it).digest);
            ensure(there == Some(*digest), || format!("{source} is not what block {} says", block.number))?;
            listed.insert((block.tenant, *source, block.number));
        }
    }
    let marks: BTreeSet<_> = contents.marks.iter().copied().collect();
    ensure(listed == marks, || format!("the blocks list {listed:?}, the transactions are marked {marks:?}"))?;
    let once: BTreeSet<_> = listed.iter().map(|(tenant, source, _)| (tenant, source)).collect();
    ensure(once.len() == listed.len(), || format!("a transaction is in two blocks: {listed:?}"))
}

/// Every transaction is in its tenant's chain.
pub(super) fn is_whole(contents: &Contents) -> Holds {
    let marked: BTreeSet<_> = contents.marks.iter().map(|(tenant, source, _)| (*tenant, *source)).collect();
    let left_out = contents.transactions.iter().find(|it| !marked.contains(&(it.tenant(), it.source())));
    ensure(left_out.is_none(), || format!("in no block: {left_out:?}"))
}
