//! The ledger's rows as verification reads them, and the list of tenants to verify. What a row looks like that has been
//! tampered with is each adapter's own matter.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::time::Duration;

use domain::ids::{EntryId, TenantId};
use domain::journal::{Block, Posted};
use domain::ledger::{AccountId, Entry, Source, Transaction};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::verification::{AsFound, PostedRow};

use crate::journal::{append_all, block, posted};
use crate::{CommerceTable, World};

const TICK: Duration = Duration::from_millis(1);
/// More than a store left behind by broken tests holds.
const ENOUGH: usize = 10_000;

fn readable<T: std::fmt::Debug>(rows: Vec<AsFound<T>>) -> Vec<T> {
    rows.into_iter().map(|row| row.expect("a row of the store's own can be read")).collect()
}

fn row(transaction: &Transaction, block: Option<u64>) -> PostedRow {
    PostedRow { posted: Posted::from(transaction), block }
}

pub async fn rows_are_found_as_they_were_written(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let transactions = posted(table, tenant, 3, &world).await;
    let first = block(None, tenant, &transactions[..1], world.now());
    let second = block(Some(&first), tenant, &transactions[1..2], world.now());
    append_all(table, &[&first, &second]).await;

    let after =
        async |number, limit| readable(table.rows.blocks_after(tenant, number, limit).await.expect("blocks are read"));
    assert_eq!(after(0, 10).await, [first.clone(), second.clone()]);
    assert_eq!(after(0, 1).await, from_ref(&first));
    assert_eq!(after(1, 10).await, from_ref(&second));
    assert_eq!(after(2, 10).await, []);
    let found = readable(table.rows.blocks(tenant, &[2, 7]).await.expect("blocks are read"));
    assert_eq!(found, [second]);
    let sources: Vec<Source> = transactions.iter().map(Transaction::source).collect();
    let mut found = readable(table.rows.transactions_of(tenant, &sources).await.expect("transactions are read"));
    found.sort_by_key(|row| transactions.iter().position(|it| it.source() == row.posted.source));
    let expected = [row(&transactions[0], Some(1)), row(&transactions[1], Some(2)), row(&transactions[2], None)];
    assert_eq!(found, expected);
    let entry = &transactions[0].entries()[0];
    let places: Vec<(AccountId, EntryId)> = vec![(entry.account, entry.id), (entry.account, world.id())];
    let found = readable(table.rows.entries_of(tenant, &places).await.expect("entries are read"));
    assert_eq!(found, from_ref(entry));

    let none = [
        readable(table.rows.blocks_after(other, 0, 10).await.expect("blocks are read")).len(),
        readable(table.rows.transactions_of(other, &sources).await.expect("transactions are read")).len(),
        readable(table.rows.entries_of(other, &places).await.expect("entries are read")).len(),
    ];
    assert_eq!(none, [0; 3], "another tenant's rows");
}

pub async fn every_transaction_is_on_one_page(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let transactions = posted(table, tenant, 5, &world).await;
    for limit in [1, 2, 5, 10] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = table.rows.transactions_after(tenant, after, limit).await.expect("transactions are read");
            assert!(page.rows.len() <= limit, "{} on a page of {limit}", page.rows.len());
            found.extend(readable(page.rows).into_iter().map(|row| row.posted.source));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        let once: BTreeSet<Source> = found.iter().copied().collect();
        assert_eq!((found.len(), once), (5, transactions.iter().map(Transaction::source).collect()));
    }
}

pub async fn entries_come_oldest_first_from_an_id(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let transactions = posted(table, tenant, 3, &world).await;
    let account = transactions[0].entries()[0].account;
    let all = transactions.iter().flat_map(|transaction| transaction.entries().to_vec());
    let mut entries: Vec<Entry> = all.filter(|entry| entry.account == account).collect();
    entries.sort_by_key(|entry| entry.id);
    let from = async |from, limit| {
        readable(table.rows.entries_from(tenant, account, from, limit).await.expect("entries are read"))
    };
    assert_eq!(from(EntryId::from_u128(0), 10).await, entries);
    assert_eq!(from(entries[1].id, 10).await, entries[1..], "it is inclusive");
    assert_eq!(from(entries[1].id, 1).await, entries[1..2]);
}

async fn is_due(table: CommerceTable<'_>, tenant: TenantId, now: Timestamp) -> bool {
    table.verifications.due(now, ENOUGH).await.expect("tenants are read").contains(&tenant)
}

pub async fn a_tenant_is_due_from_its_first_block_on(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    // The store may hold others' tenants, so this asks at a moment before theirs.
    world.set(world.now().minus(Duration::from_secs(20 * 365 * 24 * 60 * 60)));
    let tenant = world.tenant();
    let transactions = posted(table, tenant, 2, &world).await;
    let now = world.now();
    assert!(!is_due(table, tenant, now).await, "due without a block");
    let first = block(None, tenant, &transactions[..1], now);
    append_all(table, &[&first]).await;
    assert!(!is_due(table, tenant, now.minus(TICK)).await && is_due(table, tenant, now).await);

    let later = now.plus(Duration::from_secs(60));
    table.verifications.save(tenant, later, None).await.expect("saving is never refused");
    assert!(!is_due(table, tenant, later.minus(TICK)).await && is_due(table, tenant, later).await);
    append_all(table, &[&block(Some(&first), tenant, &transactions[1..], now)]).await;
    assert!(!is_due(table, tenant, later.minus(TICK)).await, "a later block makes it due");
}

pub async fn progress_is_kept_until_it_is_taken_back(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, stranger) = (world.tenant(), world.tenant());
    let transactions = posted(table, tenant, 1, &world).await;
    let first = block(None, tenant, &transactions, world.now());
    append_all(table, &[&first]).await;
    let progress = async |tenant| table.verifications.progress(tenant).await.expect("progress is read");
    assert_eq!(progress(tenant).await, None);
    for saved in [Some("{\"a\":1}".to_owned()), Some("b".to_owned()), None] {
        table.verifications.save(tenant, world.now(), saved.clone()).await.expect("saving is never refused");
        assert_eq!(progress(tenant).await, saved);
        let blocks: Vec<Block> = readable(table.rows.blocks(tenant, &[1]).await.expect("blocks are read"));
        assert_eq!(blocks, from_ref(&first), "saving has changed the block");
    }
    table.verifications.save(stranger, world.now(), Some("c".to_owned())).await.expect("saving is never refused");
    assert_eq!(progress(stranger).await, None, "a tenant without a block has no progress");
    assert!(!is_due(table, stranger, world.now()).await, "a tenant without a block is due");
}
