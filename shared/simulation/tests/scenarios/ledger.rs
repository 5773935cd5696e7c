//! C: every transaction sums to zero and nothing is booked twice; what is pending is kept apart from what is posted.

use domain::event::Queue;
use domain::ledger::Source;
use serde_json::json;

use coffer_simulation::Consumer;

use super::Scene;

#[test]
fn c1_a_charge_and_a_refund_are_each_booked_once_and_sum_to_zero() {
    let scene = Scene::new();
    let payment = scene.world.paid(scene.owner(), 1_000);
    let refund = scene.world.refund(&scene.owner_now(), &payment, 400).ok(202).id();
    scene.world.run_until_quiet();
    let transactions = scene.world.store.contents().transactions;
    let sources: Vec<Source> = transactions.iter().map(|transaction| transaction.source()).collect();
    let expected = [Source::Charge(payment.parse().expect("an id")), Source::Refund(refund.parse().expect("an id"))];
    assert_eq!(sources, expected);
    for transaction in &transactions {
        assert_eq!(transaction.entries().iter().map(|entry| entry.amount).sum::<i64>(), 0);
    }
    let entries = scene.world.show(&scene.owner_now(), "/v1/accounts/acc_merchant_eur/entries");
    let amounts: Vec<_> = entries["data"].as_array().expect("a list").iter().map(|entry| &entry["amount"]).collect();
    assert_eq!(amounts, [&json!(-400), &json!(1_000)], "newest first");
    scene.comes_to_rest();
}

#[test]
fn c2_a_refund_is_pending_until_the_provider_has_sent_it_back() {
    let scene = Scene::new();
    let payment = scene.world.paid(scene.owner(), 1_000);
    let merchant = || {
        let shown = scene.world.show(&scene.owner_now(), "/v1/accounts/acc_merchant_eur");
        (shown["posted_amount"].as_i64(), shown["pending_amount"].as_i64())
    };
    assert_eq!(merchant(), (Some(1_000), Some(0)));
    scene.world.refund(&scene.owner_now(), &payment, 400).ok(202);
    assert_eq!(merchant(), (Some(1_000), Some(-400)));
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Refunds);
    assert_eq!(merchant(), (Some(600), Some(0)));
    scene.comes_to_rest();
}
