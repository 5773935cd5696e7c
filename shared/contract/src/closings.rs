//! Closings: found by their last entry, and the entries between them.

use domain::closing::Closing;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, AccountKind, Entry};

use crate::builders::currency;
use crate::journal::posted;
use crate::{CommerceTable, World};

fn merchant() -> AccountId {
    AccountId { kind: AccountKind::Merchant, currency: currency("EUR") }
}

/// The merchant's entries of four charges, oldest first.
async fn entries(table: CommerceTable<'_>, tenant: TenantId, world: &World) -> Vec<Entry> {
    let transactions = posted(table, tenant, 4, world).await;
    let all = transactions.iter().flat_map(|transaction| transaction.entries().to_vec());
    let mut entries: Vec<Entry> = all.filter(|entry| entry.account == merchant()).collect();
    entries.sort_by_key(|entry| entry.id);
    entries
}

fn just_after(id: EntryId) -> EntryId {
    EntryId::from_u128(id.as_u128() + 1)
}

pub async fn the_last_closing_before_an_entry_is_found(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let entries = entries(table, tenant, &world).await;
    let last = async |tenant, before| table.closings.last(tenant, merchant(), before).await.expect("a closing is read");
    assert_eq!(last(tenant, just_after(entries[3].id)).await, None, "nothing is closed");
    let first = Closing::after(None, merchant(), &entries[..2]).expect("a closing");
    let second = Closing::after(Some(&first), merchant(), &entries[2..3]).expect("a closing");
    for closing in [first, second, first] {
        table.closings.close(tenant, &closing).await.expect("closing is never refused");
    }
    assert_eq!(last(tenant, first.upto).await, None, "it holds the entry itself");
    assert_eq!(last(tenant, just_after(first.upto)).await, Some(first));
    assert_eq!(last(tenant, second.upto).await, Some(first));
    assert_eq!(last(tenant, just_after(entries[3].id)).await, Some(second));
    assert_eq!(last(other, just_after(entries[3].id)).await, None, "another tenant's");
    let clearing = AccountId { kind: AccountKind::Clearing, ..merchant() };
    let of_other = table.closings.last(tenant, clearing, just_after(entries[3].id)).await.expect("a closing is read");
    assert_eq!(of_other, None, "another account's");
}

pub async fn closings_come_oldest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let entries = entries(table, tenant, &world).await;
    let mut closings: Vec<Closing> = Vec::new();
    for entry in &entries {
        let next = Closing::after(closings.last(), merchant(), std::slice::from_ref(entry)).expect("a closing");
        table.closings.close(tenant, &next).await.expect("closing is never refused");
        closings.push(next);
    }
    let from =
        async |from, limit| table.closings.from(tenant, merchant(), from, limit).await.expect("closings are read");
    assert_eq!(from(EntryId::from_u128(0), 10).await, closings);
    assert_eq!(from(closings[1].upto, 10).await, closings[1..], "it is inclusive");
    assert_eq!(from(just_after(closings[1].upto), 1).await, closings[2..3]);
}

pub async fn entries_between_two_come_oldest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let entries = entries(table, tenant, &world).await;
    let end = just_after(entries[3].id);
    let between = async |after, before, limit| {
        table.closings.entries(tenant, merchant(), after, before, limit).await.expect("entries are read")
    };
    assert_eq!(between(None, end, 10).await, entries);
    assert_eq!(between(Some(entries[0].id), entries[3].id, 10).await, entries[1..3]);
    assert_eq!(between(None, end, 3).await, entries[..3]);
    assert_eq!(between(Some(entries[3].id), end, 10).await, []);
    assert_eq!(between(Some(end), entries[0].id, 10).await, [], "the wrong way round");
}
