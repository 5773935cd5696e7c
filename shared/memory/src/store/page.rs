//! Cutting a page out of rows that come in the order of the list.

use std::collections::BTreeMap;

use domain::ids::{TenantId, TypedId};
use domain::page::{Page, PageRequest};

/// A tenant's rows, newest first.
pub(super) fn newest_first<Id: TypedId + Ord, T>(
    rows: &BTreeMap<(TenantId, Id), T>,
    tenant: TenantId,
) -> impl Iterator<Item = (Id, &T)> {
    let of_tenant = (tenant, Id::from_bits(0))..=(tenant, Id::from_bits(u128::MAX));
    rows.range(of_tenant).rev().map(|((_, id), row)| (*id, row))
}

/// The page of `rows`, which begin with the list's first.
pub(super) fn page<'a, Id: Copy + PartialEq, T: Clone + 'a>(
    rows: impl Iterator<Item = (Id, &'a T)>,
    request: PageRequest<Id>,
    comes_before: impl Fn(Id, Id) -> bool,
) -> Page<T, Id> {
    let PageRequest { limit, after } = request;
    let mut rest = rows.skip_while(|(id, _)| after.is_some_and(|after| *id == after || comes_before(*id, after)));
    let taken: Vec<(Id, &T)> = rest.by_ref().take(limit.get()).collect();
    let next = taken.last().map(|(id, _)| *id).filter(|_| rest.next().is_some());
    Page { items: taken.into_iter().map(|(_, row)| row.clone()).collect(), next }
}

/// Newer before older.
pub(super) fn by_id<Id: Ord>(one: Id, other: Id) -> bool {
    one > other
}
