//! B20: wallets: topped up by card, spent without a provider, never overdrawn.

use std::time::Duration;

use coffer_simulation::{Ask, World, together};
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, Entry};
use domain::payment::PaymentStatus;
use memory::Tampering;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::Scene;

const HELD: i64 = 1_000;

/// A wallet of [`HELD`] and the top-up that it has it from.
fn filled(scene: &Scene) -> (String, String) {
    let wallet = scene.world.wallet(scene.owner(), "EUR");
    let top_up = scene.world.top_up(scene.owner(), &wallet, HELD, "tok_success").id();
    scene.world.run_until_quiet();
    assert_eq!(amounts(scene, &wallet), [HELD, 0, HELD]);
    (wallet, top_up)
}

/// Posted, pending, available.
fn amounts(scene: &Scene, wallet: &str) -> [i64; 3] {
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/wallets/{wallet}"));
    ["posted_amount", "pending_amount", "available_amount"].map(|name| shown[name].as_i64().expect("an amount"))
}

fn posted(scene: &Scene, account: &str) -> i64 {
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/accounts/{account}"));
    shown["posted_amount"].as_i64().expect("an amount")
}

fn spend(scene: &Scene, wallet: &str, order: Option<&str>, amount: i64) -> String {
    scene.world.call(scene.world.wallet_payment(wallet, order, amount).by(&scene.owner_now())).ok(202).id()
}

#[test]
fn b20_a_wallet_is_topped_up_by_card_and_pays_an_order_without_a_provider() {
    let scene = Scene::new();
    let (wallet, top_up) = filled(&scene);
    assert_eq!(scene.charged(&top_up), (HELD, 1));
    assert_eq!(posted(&scene, "acc_clearing_eur"), -HELD);
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{top_up}"));
    assert_eq!(shown["top_up"], json!({ "account_id": wallet }));

    let order = scene.world.order(&scene.owner_now(), 600).id();
    let payment = spend(&scene, &wallet, Some(&order), 600);
    scene.world.run_until_quiet();
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
    assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("succeeded"), &json!(600)));
    assert_eq!(shown["method"], json!({ "type": "wallet", "account_id": wallet }));
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/orders/{order}"))["status"], "paid");
    assert_eq!((amounts(&scene, &wallet), posted(&scene, "acc_merchant_eur")), ([400, 0, 400], 600));
    let entries = scene.world.show(&scene.owner_now(), &format!("/v1/accounts/{wallet}/entries"));
    let booked: Vec<&Value> = entries["data"].as_array().expect("a list").iter().map(|it| &it["amount"]).collect();
    assert_eq!(booked, [&json!(-600), &json!(HELD)], "newest first");
    assert_eq!(posted(&scene, &wallet), 400, "a wallet is an account");
    scene.comes_to_rest();
}

#[test]
fn b20_what_the_wallet_does_not_have_is_not_paid() {
    let scene = Scene::new();
    let (wallet, _) = filled(&scene);
    let order = scene.world.order(&scene.owner_now(), HELD + 1).id();
    let payment = spend(&scene, &wallet, Some(&order), HELD + 1);
    scene.world.run_until_quiet();
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
    assert_eq!((&shown["status"], &shown["failure"]["code"]), (&json!("failed"), &json!("insufficient_funds")));
    assert_eq!(amounts(&scene, &wallet), [HELD, 0, HELD]);
    // The order is free for another way to pay.
    scene.world.pay(&scene.owner_now(), Some(&order), HELD + 1, "tok_success");
    scene.comes_to_rest();
}

#[test]
fn b20_parallel_spending_never_overdraws() {
    for seed in 0..40 {
        let scene = Scene::of(World::seeded(seed));
        let (wallet, _) = filled(&scene);
        let asks: Vec<Ask> = (0..5).map(|_| scene.world.wallet_payment(&wallet, None, 300)).collect();
        let owner = scene.owner_now();
        let answers = together(seed, asks.into_iter().map(|ask| scene.world.calling(ask.by(&owner))));
        let payments: Vec<String> = answers.into_iter().map(|answer| answer.ok(202).id()).collect();
        // Five workers, each with one of them.
        let taken = scene.world.take(coffer_simulation::Consumer::OutboxPublish);
        coffer_simulation::run(scene.world.consume(coffer_simulation::Consumer::OutboxPublish, &taken)).expect("sent");
        let queue = domain::event::Queue::Payments;
        let batches: Vec<_> = (0..5).map(|_| scene.world.receive(queue, 1)).collect();
        together(seed, batches.iter().map(|batch| scene.world.work_on(queue, batch)));
        scene.comes_to_rest();
        let paid = payments.iter().filter(|payment| scene.status_of(payment) == PaymentStatus::Succeeded).count();
        let failed = payments.iter().filter(|payment| scene.status_of(payment) == PaymentStatus::Failed).count();
        assert_eq!((paid, failed, amounts(&scene, &wallet)), (3, 2, [100, 0, 100]), "seed {seed}");
    }
}

#[test]
fn b20_a_refund_of_a_wallet_payment_goes_back_into_the_wallet() {
    let scene = Scene::new();
    let (wallet, _) = filled(&scene);
    let payment = spend(&scene, &wallet, None, HELD);
    scene.world.run_until_quiet();
    scene.world.refund(&scene.owner_now(), &payment, 400).ok(202);
    assert_eq!(amounts(&scene, &wallet), [0, 0, 0], "what is on its way cannot be spent");
    scene.world.run_until_quiet();
    assert_eq!((amounts(&scene, &wallet), posted(&scene, "acc_merchant_eur")), ([400, 0, 400], 600));
    assert_eq!(scene.status_of(&payment), PaymentStatus::PartiallyRefunded);
    assert!(scene.world.provider.refunds().is_empty());
    scene.comes_to_rest();
}

#[test]
fn b20_a_refund_of_a_top_up_takes_only_what_the_wallet_still_has() {
    let scene = Scene::new();
    let (wallet, top_up) = filled(&scene);
    spend(&scene, &wallet, None, 700);
    scene.world.run_until_quiet();
    let refused = scene.world.refund(&scene.owner_now(), &top_up, 301).refused(422, "wallet_balance_too_low");
    assert_eq!(refused.number("/available_amount"), Some(300));
    scene.world.refund(&scene.owner_now(), &top_up, 200).ok(202);
    assert_eq!(amounts(&scene, &wallet), [300, -200, 100], "what goes back to the card cannot be spent");
    let late = spend(&scene, &wallet, None, 101);
    scene.world.run_until_quiet();
    assert_eq!(scene.status_of(&late), PaymentStatus::Failed);
    assert_eq!((amounts(&scene, &wallet), scene.world.provider.refunds().len()), ([100, 0, 100], 1));
    scene.comes_to_rest();
}

#[test]
fn b20_a_refused_refund_of_a_top_up_is_free_to_spend_again() {
    let scene = Scene::new();
    let (wallet, top_up) = filled(&scene);
    scene.world.refusals.refuse_by_chance(1_000);
    scene.world.refund(&scene.owner_now(), &top_up, HELD).ok(202);
    assert_eq!(amounts(&scene, &wallet), [HELD, -HELD, 0]);
    scene.world.run_until_quiet();
    assert_eq!(amounts(&scene, &wallet), [HELD, 0, HELD]);
    scene.comes_to_rest();
}

#[test]
fn b20_a_top_up_is_there_when_it_is_captured() {
    let scene = Scene::new();
    let wallet = scene.world.wallet(scene.owner(), "EUR");
    let mut body = json!({ "amount": HELD, "currency": "EUR", "capture": "manual" });
    body["method"] = json!({ "type": "card", "token": "tok_success" });
    body["top_up"] = json!({ "account_id": wallet });
    let top_up = scene.world.call(Ask::post("/v1/payments", &body).by(scene.owner()).key("t")).ok(202).id();
    scene.world.run_until_quiet();
    assert_eq!(amounts(&scene, &wallet), [0, 0, 0]);
    let capture = Ask::post(format!("/v1/payments/{top_up}/capture"), &json!({ "amount": 400 }));
    scene.world.call(capture.by(&scene.owner_now()).key("c")).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(amounts(&scene, &wallet), [400, 0, 400]);
    scene.comes_to_rest();
}

#[test]
fn e10_a_wallet_of_nobody_takes_no_part_in_a_payment() {
    let scene = Scene::new();
    let stranger = coffer_simulation::caller(&scene.world, scene.world.id::<TenantId>(), domain::access::Role::Owner);
    let theirs = scene.world.wallet(&stranger, "EUR");
    let before = scene.payment_count();
    for wallet in [theirs.as_str(), "acc_wallet_00000000000000000000000007_eur"] {
        scene.world.call(scene.world.wallet_payment(wallet, None, 1).by(scene.owner())).refused(404, "not_found");
        let mut body = json!({ "amount": 1, "currency": "EUR", "top_up": { "account_id": wallet } });
        body["method"] = json!({ "type": "card", "token": "tok_success" });
        let top_up = Ask::post("/v1/payments", &body).key(&scene.world.new_key());
        scene.world.call(top_up.by(scene.owner())).refused(404, "not_found");
    }
    assert_eq!(scene.payment_count(), before);
    let dollars = theirs.replace("_eur", "_usd");
    let refused = scene.world.call(scene.world.wallet_payment(&dollars, None, 1).by(scene.owner()));
    refused.refused(400, "invalid_fields");
    scene.comes_to_rest();
}

#[test]
fn b20_a_disputed_top_up_is_the_merchants_loss() {
    let scene = Scene::new();
    let wallet = scene.world.wallet(scene.owner(), "EUR");
    let top_up = scene.world.top_up(scene.owner(), &wallet, HELD, "tok_dispute").id();
    scene.world.run_until_quiet();
    spend(&scene, &wallet, None, 900);
    scene.world.run_until_quiet();
    scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &top_up, "evt_1")).ok(200);
    scene.world.run_until_quiet();
    assert_eq!((amounts(&scene, &wallet), posted(&scene, "acc_merchant_eur")), ([100, 0, 100], 900 - HELD));
    assert_eq!(posted(&scene, "acc_disputes_eur"), HELD);
    scene.comes_to_rest();
}

#[test]
fn l1_a_provider_has_nothing_to_say_of_a_payment_out_of_a_wallet() {
    let scene = Scene::new();
    let (wallet, _) = filled(&scene);
    let payment = spend(&scene, &wallet, None, 300);
    scene.world.run_until_quiet();
    scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &payment, "evt_1")).ok(200);
    scene.world.run_until_quiet();
    assert_eq!((scene.status_of(&payment), amounts(&scene, &wallet)), (PaymentStatus::Succeeded, [700, 0, 700]));
    scene.comes_to_rest();
}

#[test]
fn c3_a_wallet_is_known_at_past_times_and_closed_when_it_is_verified() {
    let scene = Scene::new();
    let (wallet, _) = filled(&scene);
    let filled_at = scene.world.clock.now();
    scene.world.clock.advance(Duration::from_secs(60));
    spend(&scene, &wallet, None, 300);
    scene.world.run_until_quiet();
    let account: AccountId = wallet.parse().expect("an account");
    let closed = || scene.world.store.contents().closings.into_iter().find(|(_, it)| it.account == account);
    for is_closed in [false, true] {
        assert_eq!(closed().map(|(_, it)| it.tally.sum), is_closed.then_some(700));
        let ask = Ask::get(format!("/v1/accounts/{wallet}")).query("at", &api::rfc3339(filled_at));
        assert_eq!(scene.world.call(ask.by(&scene.owner_now())).ok(200).json["posted_amount"], HELD);
        scene.world.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
        scene.world.verify(&Value::Null).expect("nothing fails");
    }
    scene.comes_to_rest();
}

#[test]
fn c5_whatever_is_changed_of_a_wallet_is_named() {
    let told = |tampering: &dyn Fn(TenantId, AccountId, Entry) -> Tampering| {
        let scene = Scene::new();
        let (wallet, _) = filled(&scene);
        scene.world.wallet(scene.owner(), "EUR");
        scene.world.clock.advance(Duration::from_secs(1_000));
        let tenant = scene.owner().tenant;
        assert_eq!(scene.world.ledger_faults(tenant), Vec::<String>::new());
        let account: AccountId = wallet.parse().expect("an account");
        let entries = scene.world.store.contents().entries;
        let entry = entries.into_iter().find(|(_, entry)| entry.account == account).expect("an entry").1;
        scene.world.store.tamper(tampering(tenant, account, entry));
        scene.world.ledger_faults(tenant).join("\n").replace(&wallet, "the wallet")
    };
    let faults = told(&|tenant, account, _| Tampering::Balance(tenant, account, HELD + 1));
    assert_eq!(faults, "the wallet shows a balance of 1001, its entries sum to 1000");
    let faults = told(&|tenant, _, entry| {
        Tampering::Entry(tenant, Entry { id: EntryId::from_u128(entry.id.as_u128() + 1), ..entry })
    });
    assert!(
        faults.contains("the wallets in EUR have 2 entries that sum to 2000, their transactions have 1"),
        "{faults}"
    );
    let faults = told(&|tenant, _, entry| Tampering::RemoveEntry(tenant, entry));
    assert!(faults.contains("the wallets in EUR have 0 entries that sum to 0, their transactions have 1"), "{faults}");
}
