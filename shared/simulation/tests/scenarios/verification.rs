//! C5, C6: a ledger that was changed behind the application's back is found, and what was changed is named; one that was not
//! is never called wrong.

use std::time::Duration;

use coffer_simulation::Consumer;
use domain::event::Queue;
use domain::ids::{EntryId, PaymentId, TenantId};
use domain::journal::{Block, Digest};
use domain::ledger::{Entry, Source, Transaction};
use domain::time::Timestamp;
use memory::Tampering;
use serde_json::{Value, json};

use super::Scene;

/// Long enough for everything to be compared.
const LATER: Duration = Duration::from_secs(1_000);

/// Three payments, each in a block of its own, and long ago.
fn scene() -> (Scene, TenantId, Vec<Transaction>, Vec<Block>) {
    let scene = Scene::new();
    for amount in [100, 200, 300] {
        scene.world.paid(&scene.owner_now(), amount);
    }
    scene.world.clock.advance(LATER);
    let contents = scene.world.store.contents();
    let (transactions, blocks) = (contents.transactions, contents.blocks);
    assert_eq!((transactions.len(), blocks.len()), (3, 3));
    let tenant = scene.owner().tenant;
    (scene, tenant, transactions, blocks)
}

fn with_entries(of: &Transaction, change: impl Fn(&mut Entry)) -> Transaction {
    let mut entries = of.entries().to_vec();
    entries.iter_mut().for_each(change);
    Transaction::new(of.id(), of.tenant(), of.source(), entries).expect("balanced")
}

#[test]
fn c5_whatever_is_changed_is_named() {
    let (_, tenant, transactions, blocks) = scene();
    let (one, two) = (&transactions[0], &transactions[1]);
    let source = one.source();
    let entry = one.entries()[1].clone();
    let account = entry.account;
    let doubled = with_entries(one, |entry| entry.amount *= 2);
    let in_block = blocks.iter().find(|block| block.digest_of(source).is_some()).expect("in a block").number;
    let forged = Entry { id: EntryId::from_u128(entry.id.as_u128() + 1), ..entry.clone() };
    let block = &blocks[1];
    let relisted = Block { transactions: blocks[0].transactions.clone(), ..block.clone() };
    let rehashed = Block { hash: relisted.computed_hash(), ..relisted.clone() };
    let unknown = Source::Charge(PaymentId::from_u128(7));
    let stranger = Transaction::new(one.id(), tenant, unknown, one.entries().to_vec()).expect("balanced");
    let redated = |entry: &Entry| Entry { created_at: Timestamp::from_ms(0), ..entry.clone() };
    let rows: Vec<(Tampering, String)> = vec![
        (Tampering::Transaction(doubled), format!("{source} is not as it was booked in block {in_block}")),
        (Tampering::Remove(tenant, source), format!("{source} of block {in_block} is missing")),
        (Tampering::Mark(tenant, source, None), format!("{source} of block {in_block} has no mark")),
        (Tampering::Mark(tenant, source, Some(9)), format!("{source} of block {in_block} is marked with block 9")),
        (Tampering::Mark(tenant, source, Some(9)), format!("{source} is marked with block 9, which has it not")),
        (Tampering::Transaction(stranger), format!("{account} has 3 entries that sum to 600, its transactions have 4")),
        (
            Tampering::Entry(tenant, Entry { amount: entry.amount + 1, ..entry.clone() }),
            format!("{} of {account} is not its transaction's", entry.id),
        ),
        (Tampering::Entry(tenant, redated(&entry)), format!("{} of {account} is not its transaction's", entry.id)),
        (Tampering::RemoveEntry(tenant, entry.clone()), format!("{} of {account} is missing", entry.id)),
        (Tampering::Entry(tenant, forged), format!("{account} has 4 entries")),
        (Tampering::Balance(tenant, account, 601), format!("{account} shows a balance of 601, its entries sum to 600")),
        (Tampering::Block(relisted), "block 2 is not what its hash says".to_owned()),
        (Tampering::Block(rehashed), "block 3 does not name the hash of the one before it".to_owned()),
        (
            Tampering::Block(Block { hash: Digest::NONE, ..block.clone() }),
            "block 2 is not what its hash says".to_owned(),
        ),
        (Tampering::Renumber(tenant, 2, 1), "block 1 is not the next one".to_owned()),
        (Tampering::RemoveBlock(tenant, 2), "block 3 is not the next one".to_owned()),
        (Tampering::RemoveBlock(tenant, 3), "is marked with block 3, which has it not".to_owned()),
    ];
    assert_ne!(one.source(), two.source());
    for (tampering, told) in rows {
        let (scene, ..) = scene();
        assert_eq!(scene.world.ledger_faults(tenant), Vec::<String>::new());
        scene.world.store.tamper(tampering.clone());
        let faults = scene.world.ledger_faults(tenant);
        assert!(faults.iter().any(|fault| fault.contains(&told)), "{tampering:?} is to be told as {told}: {faults:?}");
    }
}

#[test]
fn c6_the_job_counts_the_faults_and_looks_again_until_they_are_gone() {
    let (scene, tenant, transactions, _) = scene();
    let day = Duration::from_secs(24 * 60 * 60);
    let verified = || scene.world.verify(&Value::Null).expect("nothing fails").verified;
    scene.world.clock.advance(day);
    assert_eq!((verified().ledgers, verified().ledgers), (1, 0), "once a day");
    let good = transactions[0].entries()[0].clone();
    scene.world.store.tamper(Tampering::Entry(tenant, Entry { amount: 1, ..good.clone() }));
    assert_eq!(verified().faults, 0, "its day is not over");
    scene.world.clock.advance(day);
    assert!(verified().faults > 0);
    scene.world.clock.advance(Duration::from_secs(60 * 60));
    assert!(verified().faults > 0, "a ledger with faults is looked at each hour");
    scene.world.store.tamper(Tampering::Entry(tenant, good));
    scene.world.clock.advance(Duration::from_secs(60 * 60));
    let last = verified();
    assert_eq!((last.ledgers, last.faults), (1, 0));
    scene.world.clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(verified().ledgers, 0, "once a day again");
}

#[test]
fn c5_what_the_stream_has_lost_is_appended_by_the_job() {
    let scene = Scene::new();
    scene.world.pay(scene.owner(), None, 500, "tok_success");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
    assert_eq!(scene.world.take(Consumer::LedgerJournal).len(), 1);
    assert_eq!(scene.world.verify(&Value::Null).expect("nothing fails").verified.appended, 0, "not yet late");
    scene.world.clock.advance(LATER);
    assert_eq!(scene.world.verify(&Value::Null).expect("nothing fails").verified.appended, 1);
    assert_eq!(scene.world.store.contents().blocks.len(), 1);
    scene.comes_to_rest();
}

/// A transaction of before there was a journal has no place in the list of those left out.
#[test]
fn c5_a_report_counts_what_is_left_out_and_writes_nothing() {
    let (scene, tenant, _, blocks) = scene();
    let source = blocks[2].transactions[0].source;
    scene.world.store.tamper(Tampering::RemoveBlock(tenant, 3));
    scene.world.store.tamper(Tampering::Mark(tenant, source, None));
    let event = json!({ "ledger": "verify", "tenant": tenant.to_string() });
    let answer = scene.world.verify(&event).expect("nothing fails").answer;
    assert_eq!((&answer["left_out"], &answer["fault_count"]), (&json!(1), &json!(0)), "{answer}");
    assert_eq!(scene.world.store.contents().blocks, blocks[..2]);
    let listed = scene.world.verify(&json!({ "ledger": "tenants" })).expect("nothing fails").answer;
    assert_eq!(listed["tenants"], json!([tenant.to_string()]));
    for wrong in [json!({ "ledger": "mend" }), json!({ "ledger": "verify", "tenant": "x" })] {
        assert!(scene.world.verify(&wrong).is_err(), "{wrong}");
    }
}

/// A ledger that is more than one answer's work is verified in several, each going on where the one before it ended.
#[test]
fn c5_a_long_chain_is_verified_piece_by_piece() {
    const BLOCKS: u64 = 850;
    let scene = Scene::new();
    for n in 0..BLOCKS {
        scene.world.pay(&scene.owner_now(), None, 100 + i64::try_from(n).expect("small"), "tok_success");
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        scene.world.work(Queue::Payments);
        assert!(scene.world.deliver(Consumer::LedgerJournal));
        scene.world.clock.advance(Duration::from_secs(1));
    }
    scene.world.clock.advance(LATER);
    let tenant = scene.owner().tenant;
    let entry = scene.world.store.contents().entries[0].1.clone();
    scene.world.store.tamper(Tampering::Entry(tenant, Entry { amount: entry.amount - 1, ..entry.clone() }));
    let mut question = json!({ "ledger": "verify", "tenant": tenant.to_string() });
    let mut answers = 0;
    let answer = loop {
        let answer = scene.world.verify(&question).expect("nothing fails").answer;
        answers += 1;
        if answer["done"] == true {
            break answer;
        }
        question["progress"] = answer["progress"].clone();
    };
    assert!(answers > 1, "one answer did it all");
    assert_eq!((&answer["blocks"], &answer["transactions"]), (&json!(BLOCKS), &json!(BLOCKS)));
    let told = format!("{} of {} is not its transaction's", entry.id, entry.account);
    assert!(answer["faults"].as_array().is_some_and(|faults| faults.contains(&json!(told))), "{answer}");
    scene.world.store.tamper(Tampering::Entry(tenant, entry));
    scene.comes_to_rest();
}
