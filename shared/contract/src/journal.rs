//! The journal: a number is taken once, a transaction is in one block, and a block that does not stand leaves nothing.

use std::time::Duration;

use domain::ids::TenantId;
use domain::journal::{BLOCK_TRANSACTIONS_MAX, Block, LEFT_OUT_AFTER, Listed};
use domain::ledger::{Source, Transaction};
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::PortErrorKind;
use ports::clock::Clock;
use ports::commerce::Change;
use ports::journal::AppendError;

use crate::builders::{captured_payment, charge};
use crate::outcome::write_changes;
use crate::{CommerceTable, World};

const TRIES_MAX: u32 = 500;
const TICK: Duration = Duration::from_millis(1);
/// More than a store left behind by broken tests holds.
const ENOUGH: usize = 10_000;

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Stale,
    Taken(Vec<Source>),
}

async fn append(table: CommerceTable<'_>, block: &Block) -> Outcome {
    for _ in 0..TRIES_MAX {
        return match table.journal.append(block).await {
            Ok(()) => Outcome::Done,
            Err(AppendError::Contended) => continue,
            Err(AppendError::Stale) => Outcome::Stale,
            Err(AppendError::Taken(sources)) => Outcome::Taken(sources),
            Err(AppendError::Port(error)) => panic!("the store failed under a contract test: {error:?}"),
        };
    }
    panic!("appending was still contended after {TRIES_MAX} tries")
}

async fn head(table: CommerceTable<'_>, tenant: TenantId) -> Option<Block> {
    table.journal.head(tenant).await.expect("a head is read")
}

/// Appends what must not be refused.
pub(crate) async fn append_all(table: CommerceTable<'_>, blocks: &[&Block]) {
    for block in blocks {
        assert_eq!(append(table, block).await, Outcome::Done, "a block that fits was refused");
    }
}

/// As many posted charges.
pub(crate) async fn posted(
    table: CommerceTable<'_>,
    tenant: TenantId,
    count: usize,
    world: &World,
) -> Vec<Transaction> {
    let mut transactions = Vec::new();
    for _ in 0..count {
        let posting = charge(&captured_payment(tenant, world.mint()), world.mint());
        write_changes(table.commerce, tenant, [Change::Post(posting.clone())], world.now()).await;
        transactions.push(posting.transaction.expect("a charge posts a transaction"));
    }
    transactions
}

pub(crate) fn block(head: Option<&Block>, tenant: TenantId, transactions: &[Transaction], now: Timestamp) -> Block {
    Block::after(head, tenant, transactions.iter().map(Listed::from).collect(), now)
}

pub async fn every_field_of_a_block_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    assert_eq!(head(table, tenant).await, None, "the head of nothing");
    let [one, two, three] = posted(table, tenant, 3, &world).await.try_into().expect("three");
    let first = block(None, tenant, &[one, two], world.now());
    assert_eq!(append(table, &first).await, Outcome::Done);
    assert_eq!(head(table, tenant).await, Some(first.clone()));
    let second = block(Some(&first), tenant, &[three], world.advance(TICK));
    assert_eq!(append(table, &second).await, Outcome::Done);
    assert_eq!(head(table, tenant).await, Some(second));
    assert_eq!(head(table, other).await, None, "another tenant's head");
}

pub async fn a_transaction_is_in_one_block(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let transactions = posted(table, tenant, 2, &world).await;
    let first = block(None, tenant, &transactions, world.now());
    assert_eq!(append(table, &first).await, Outcome::Done);

    let again = block(Some(&first), tenant, &transactions[1..], world.now());
    let source = transactions[1].source();
    assert_eq!(append(table, &again).await, Outcome::Taken(vec![source]), "in a block already");
    let of_other = block(None, other, &transactions[1..], world.now());
    assert_eq!(append(table, &of_other).await, Outcome::Taken(vec![source]), "another tenant's");
    assert_eq!(append(table, &first).await, Outcome::Stale, "the same block again");
    assert_eq!(head(table, tenant).await, Some(first));
}

pub async fn a_refused_block_leaves_nothing(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let free = posted(table, tenant, 2, &world).await;
    let unknown = charge(&captured_payment(tenant, world.mint()), world.mint()).transaction.expect("a transaction");

    let with_unknown = [free.as_slice(), std::slice::from_ref(&unknown)].concat();
    let refused = append(table, &block(None, tenant, &with_unknown, world.now())).await;
    assert_eq!(refused, Outcome::Taken(vec![unknown.source()]), "there is no such transaction");
    assert_eq!(head(table, tenant).await, None, "a refused block is there");
    let good = block(None, tenant, &free, world.now());
    assert_eq!(append(table, &good).await, Outcome::Done, "a refused block has left marks");
}

pub async fn a_number_is_taken_once(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let [one, two] = posted(table, tenant, 2, &world).await.try_into().expect("two");
    let first = block(None, tenant, std::slice::from_ref(&one), world.now());
    assert_eq!(append(table, &first).await, Outcome::Done);
    let rival = block(None, tenant, std::slice::from_ref(&two), world.now());
    assert_eq!(append(table, &rival).await, Outcome::Stale);
    let both = block(None, tenant, &[one, two.clone()], world.now());
    assert_eq!(append(table, &both).await, Outcome::Stale, "the number comes before what is taken");
    assert_eq!(append(table, &block(Some(&first), tenant, &[two], world.now())).await, Outcome::Done);
}

pub async fn of_parallel_blocks_of_a_number_one_stands(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let transactions = posted(table, tenant, 5, &world).await;
    let rivals: Vec<Block> = transactions.chunks(1).map(|one| block(None, tenant, one, world.now())).collect();

    let told = join_all(rivals.iter().map(|rival| append(table, rival))).await;

    let winners: Vec<&Block> =
        rivals.iter().zip(&told).filter(|(_, told)| **told == Outcome::Done).map(|(rival, _)| rival).collect();
    assert_eq!(winners.len(), 1, "parallel blocks: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == Outcome::Stale).count(), 4, "parallel blocks: {told:?}");
    assert_eq!(head(table, tenant).await.as_ref(), Some(winners[0]));
}

pub async fn a_block_takes_99_transactions_and_no_more(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let transactions = posted(table, tenant, BLOCK_TRANSACTIONS_MAX + 1, &world).await;
    for wrong in [transactions.as_slice(), &[]] {
        let refused = table.journal.append(&block(None, tenant, wrong, world.now())).await;
        let is_rejected = matches!(&refused, Err(AppendError::Port(error)) if error.kind == PortErrorKind::Rejected);
        assert!(is_rejected, "{} transactions: {refused:?}", wrong.len());
    }
    let full = block(None, tenant, &transactions[1..], world.now());
    assert_eq!(append(table, &full).await, Outcome::Done);
    assert_eq!(head(table, tenant).await, Some(full));
    let sources: Vec<Source> = transactions.iter().map(Transaction::source).collect();
    let mut found = table.journal.transactions(tenant, &sources).await.expect("transactions are read");
    found.sort_by_key(Transaction::source);
    let mut expected = transactions;
    expected.sort_by_key(Transaction::source);
    assert_eq!(found, expected);
}

pub async fn a_block_changes_nothing_of_its_transactions(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let transactions = posted(table, tenant, 1, &world).await;
    let source = transactions[0].source();
    assert_eq!(append(table, &block(None, tenant, &transactions, world.now())).await, Outcome::Done);
    let by_source = table.accounts.transaction(tenant, source).await.expect("a transaction is read");
    assert_eq!(by_source.as_slice(), transactions);
    assert_eq!(table.journal.transactions(tenant, &[source]).await.expect("transactions are read"), transactions);
    assert_eq!(table.journal.transactions(other, &[source]).await.expect("transactions are read"), []);
}

pub async fn transactions_in_no_block_are_left_out_after_their_time(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    // The store may hold others' transactions, so this asks at a moment before theirs.
    world.set(world.now().minus(Duration::from_secs(10 * 365 * 24 * 60 * 60)));
    let tenant = world.tenant();
    let transactions = posted(table, tenant, 2, &world).await;
    let places: Vec<(TenantId, Source)> =
        transactions.iter().map(|transaction| (tenant, transaction.source())).collect();
    let left_out = async |now| {
        let mut found = table.journal.left_out(now, ENOUGH).await.expect("those left out are read");
        found.retain(|place| places.contains(place));
        found
    };
    let late = world.now().plus(LEFT_OUT_AFTER);
    assert_eq!(left_out(late.minus(TICK)).await, [], "left out before its time");
    assert_eq!(left_out(late).await.len(), 2, "not left out after its time");
    assert_eq!(table.journal.left_out(late, 1).await.expect("those left out are read").len(), 1, "a limit of 1");
    let first = block(None, tenant, &transactions[..1], world.now());
    assert_eq!(append(table, &first).await, Outcome::Done);
    assert_eq!(left_out(late).await, [places[1]], "a transaction in a block is not left out");
    assert_eq!(append(table, &block(Some(&first), tenant, &transactions[1..], world.now())).await, Outcome::Done);
}
