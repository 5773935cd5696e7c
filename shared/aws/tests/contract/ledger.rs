//! The ledger behind the application's back: a row that somebody has changed in the table is read as it is, or named. And what
//! the journal's calls cost.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use coffer_aws::{Aws, CallCounter, CommerceTable};
use contract::World;
use contract::builders::{captured_payment, charge};
use domain::closing::Closing;
use domain::ids::{EntryId, TenantId};
use domain::journal::{Block, Link, Listed};
use domain::ledger::Transaction;
use domain::verification::{self, Fault};
use ports::clock::Clock;
use ports::closings::Closings;
use ports::commerce::{Change, Commerce, Commit};
use ports::journal::Journal;
use ports::verification::{LedgerRows, PostedRow, Unreadable, Verifications};

use crate::place::{aws, create_table, delete_table, seed, unique_name};

async fn post(table: &CommerceTable, tenant: TenantId, world: &World) -> Transaction {
    let posting = charge(&captured_payment(tenant, world.mint()), world.mint());
    let changes = vec![Change::Post(posting.clone())];
    let commit = Commit { tenant, record: None, changes, events: Vec::new(), now: world.now() };
    table.commit(commit).await.expect("committed");
    posting.transaction.expect("a charge posts a transaction")
}

/// As somebody does who may write to the table.
async fn change(aws: &Aws, name: &str, key: [&str; 2], expression: &str, value: AttributeValue) {
    let [pk, sk] = key.map(|part| AttributeValue::S(part.to_owned()));
    let request = aws.dynamodb().update_item().table_name(name).key("pk", pk).key("sk", sk);
    let request = request.update_expression(expression).expression_attribute_values(":value", value);
    request.send().await.expect("changed");
}

async fn row(table: &CommerceTable, transaction: &Transaction) -> Result<PostedRow, Unreadable> {
    let found = table.transactions_of(transaction.tenant(), &[transaction.source()]).await.expect("read");
    found.into_iter().next().expect("the row is there")
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_row_that_was_changed_in_the_table_is_named() {
    let (world, aws) = (World::new(seed()), aws());
    let name = unique_name("commerce");
    create_table(&aws, &name, true).await;
    let table = CommerceTable::new(&aws, name.as_str());
    let tenant = world.tenant();
    let transaction = post(&table, tenant, &world).await;
    let source = transaction.source();
    let block = Block::after(None, tenant, vec![Listed::from(&transaction)], world.now());
    table.append(&block).await.expect("appended");
    let good = row(&table, &transaction).await.expect("readable");
    assert_eq!(verification::in_block(&good.posted, good.block, &block), None);

    let (partition, sort) = (format!("{tenant}#TXN"), source.to_string());
    let key = [partition.as_str(), sort.as_str()];
    change(&aws, &name, key, "SET entries[1].amount = :value", AttributeValue::N("1001".to_owned())).await;
    let changed = row(&table, &transaction).await.expect("readable, though it does not balance");
    let told = verification::in_block(&changed.posted, changed.block, &block);
    assert_eq!(told, Some(Fault::TransactionChanged { source, block: 1 }));
    assert_eq!(verification::balanced(&changed.posted).len(), 1);

    change(&aws, &name, key, "SET entries = :value", AttributeValue::S("none".to_owned())).await;
    assert_eq!(row(&table, &transaction).await, Err(Unreadable(format!("{partition} {sort}"))));

    let entry = &transaction.entries()[0];
    let (of_account, id) = (format!("{tenant}#ENT#{}", entry.account), entry.id.to_string());
    change(&aws, &name, [&of_account, &id], "SET amount = :value", AttributeValue::N("7".to_owned())).await;
    let found = table.entries_of(tenant, &[(entry.account, entry.id)]).await.expect("read");
    let found = found.into_iter().next().expect("the row is there").expect("readable");
    assert!(matches!(verification::entry(entry, Some(&found)), Some(Fault::EntryChanged { .. })));

    let number = format!("{:020}", 1);
    let journal = format!("{tenant}#JRN");
    change(&aws, &name, [&journal, &number], "SET booked_at_ms = :value", AttributeValue::N("7".to_owned())).await;
    let found = table.blocks(tenant, &[1]).await.expect("read");
    let found = found.into_iter().next().expect("the row is there").expect("readable");
    assert!(matches!(verification::block(&found, Link::START), Some(Fault::Block { number: 1, .. })));
    delete_table(&aws, &name).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_ledger_s_upkeep_costs_what_it_says() {
    let (counter, world, plain) = (CallCounter::default(), World::new(seed()), aws());
    let name = unique_name("commerce");
    create_table(&plain, &name, true).await;
    let table = CommerceTable::new(&plain.clone().counted_by(counter.clone()), name.as_str());
    let tenant = world.tenant();
    let transactions = [post(&table, tenant, &world).await, post(&table, tenant, &world).await];
    let calls = |expected: &[(&str, u32)]| -> BTreeMap<String, u32> {
        expected.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect()
    };
    assert_eq!(counter.take(), calls(&[("TransactWriteItems", 2)]), "posting");

    let head = table.head(tenant).await.expect("read");
    let listed = transactions.iter().map(Listed::from).collect();
    table.append(&Block::after(head.as_ref(), tenant, listed, world.now())).await.expect("appended");
    assert_eq!(counter.take(), calls(&[("Query", 1), ("TransactWriteItems", 1)]), "a block");
    let sources: Vec<_> = transactions.iter().map(Transaction::source).collect();
    let entries: Vec<_> = transactions[0].entries().iter().map(|entry| (entry.account, entry.id)).collect();
    table.transactions_of(tenant, &sources).await.expect("read");
    table.entries_of(tenant, &entries).await.expect("read");
    LedgerRows::blocks(&table, tenant, &[1]).await.expect("read");
    assert_eq!(counter.take(), calls(&[("BatchGetItem", 3)]), "rows by key");

    let account = entries[0].0;
    let last = EntryId::from_u128(u128::MAX);
    table.last(tenant, account, last).await.expect("read");
    let found = table.entries(tenant, account, None, last, 1_000).await.expect("read");
    assert_eq!(counter.take(), calls(&[("Query", 2)]), "a balance at a past time");
    let closing = Closing::after(None, account, &found).expect("a closing");
    table.close(tenant, &closing).await.expect("closed");
    assert_eq!(counter.take(), calls(&[("PutItem", 1)]), "a closing");
    table.save(tenant, world.now(), None).await.expect("saved");
    table.progress(tenant).await.expect("read");
    assert_eq!(counter.take(), calls(&[("UpdateItem", 1), ("GetItem", 1)]), "a verification");
    table.left_out(world.now(), 10).await.expect("read");
    Verifications::due(&table, world.now(), 10).await.expect("read");
    assert_eq!(counter.take(), calls(&[("Query", 32)]), "what is due: one for each shard");
    delete_table(&plain, &name).await;
}
