//! What a payment costs the merchant: kept from what was captured, in the same transaction, by the terms of that moment.

use coffer_simulation::Ask;
use domain::event::Queue;
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

fn set(scene: &Scene, terms: &Value) -> Value {
    let mut question = terms.clone();
    question["tenant"] = json!(scene.shop.tenant);
    scene.world.set_fees(&question)
}

/// Posted amounts of clearing, merchant and fees.
fn balances(scene: &Scene) -> [i64; 3] {
    let accounts = scene.world.show(&scene.owner_now(), "/v1/accounts");
    ["acc_clearing_eur", "acc_merchant_eur", "acc_fees_eur"].map(|id| {
        let of_id = accounts["data"].as_array().into_iter().flatten().find(|account| account["id"] == id);
        of_id.and_then(|account| account["posted_amount"].as_i64()).unwrap_or(0)
    })
}

fn fee_of(scene: &Scene, payment: &str) -> i64 {
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
    shown["amount_fee"].as_i64().expect("a number")
}

#[test]
fn a_fee_is_kept_by_the_terms_of_when_it_was_captured() {
    let scene = Scene::new();
    let none = json!({ "basis_points": 0, "fixed": {}, "updated_at": null });
    assert_eq!(scene.world.show(scene.owner(), "/v1/settings/fees"), none);
    let before = scene.world.paid(scene.owner(), 1_000);
    let held = scene.world.authorize_payment(&scene.owner_now(), None, 1_000, "tok_success").id();
    scene.world.run_until_quiet();
    set(&scene, &json!({ "basis_points": 290, "fixed": { "EUR": 25 } }));
    assert_eq!(scene.world.show(&scene.owner_now(), "/v1/settings/fees")["basis_points"], 290);
    let after = scene.world.paid(&scene.owner_now(), 1_000);
    // It was made before, and is captured now, in part.
    let capture = Ask::post(format!("/v1/payments/{held}/capture"), &json!({ "amount": 500 }));
    scene.world.call(capture.by(&scene.owner_now()).key("capture")).ok(202);
    scene.world.run_until_quiet();
    set(&scene, &json!({ "basis_points": 0 }));
    assert_eq!([&before, &after, &held].map(|payment| fee_of(&scene, payment)), [0, 54, 40]);
    assert_eq!(balances(&scene), [-2_500, 2_406, 94]);

    // A refund gives all of it back to the customer; the fee is kept.
    scene.world.refund(&scene.owner_now(), &after, 1_000).ok(202);
    scene.world.run_until_quiet();
    assert_eq!(balances(&scene), [-1_500, 1_406, 94]);
    let entries = scene.world.show(&scene.owner_now(), "/v1/accounts/acc_fees_eur/entries");
    assert_eq!(entries["data"].as_array().map(Vec::len), Some(2));
    scene.comes_to_rest();
}

/// Who pays a fee does not set it, and what is asked wrongly changes nothing.
#[test]
fn an_operator_sets_it_and_nobody_else() {
    let scene = Scene::new();
    let ask = Ask::new("PUT", "/v1/settings/fees").json(&json!({ "basis_points": 0 }));
    scene.world.call(ask.by(scene.owner())).refused(405, "method_not_allowed");
    let errors = |question: Value| scene.world.set_fees(&question)["errors"].clone();
    let tenant = json!(scene.shop.tenant);
    for (question, expected) in [
        (json!({ "tenant": tenant, "basis_points": 10_001 }), "/basis_points must be"),
        (json!({ "tenant": tenant, "basis_points": 1, "fixed": { "EUR": -1 } }), "/fixed must be"),
        (json!({ "basis_points": 1 }), "/tenant is required"),
        (json!({ "tenant": "ten_00000000000000000000000009", "basis_points": 1 }), "/tenant names no tenant"),
    ] {
        let errors = errors(question);
        assert!(errors[0].as_str().is_some_and(|error| error.starts_with(expected)), "{errors}");
    }
    assert_eq!(scene.world.show(scene.owner(), "/v1/settings/fees")["updated_at"], Value::Null);
}

#[test]
fn a_fee_may_take_all_and_no_more() {
    let scene = Scene::new();
    set(&scene, &json!({ "basis_points": 0, "fixed": { "EUR": 30 } }));
    let payment = scene.world.paid(&scene.owner_now(), 20);
    assert_eq!((fee_of(&scene, &payment), balances(&scene)), (20, [-20, 0, 20]));
    scene.comes_to_rest();
}

#[test]
fn what_fills_a_wallet_or_comes_out_of_one_has_no_fee() {
    let scene = Scene::new();
    set(&scene, &json!({ "basis_points": 1_000 }));
    let wallet = scene.world.wallet(&scene.owner_now(), "EUR");
    let top_up = scene.world.top_up(&scene.owner_now(), &wallet, 800, "tok_success").id();
    scene.world.run_until_quiet();
    let spent = scene.world.call(scene.world.wallet_payment(&wallet, None, 300).by(&scene.owner_now())).ok(202).id();
    scene.world.run_until_quiet();
    assert_eq!([&top_up, &spent].map(|payment| fee_of(&scene, payment)), [0, 0]);
    assert_eq!(balances(&scene), [-800, 300, 0]);
    scene.comes_to_rest();
}

#[test]
fn a_dispute_takes_all_of_the_payment_from_the_merchant() {
    let scene = Scene::new();
    set(&scene, &json!({ "basis_points": 1_000 }));
    let payment = scene.world.pay(&scene.owner_now(), None, 1_000, "tok_dispute").id();
    scene.world.run_until_quiet();
    scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &payment, "evt_1")).ok(200);
    scene.world.run_until_quiet();
    assert_eq!(balances(&scene), [-1_000, -100, 100]);
    scene.comes_to_rest();
}

/// The provider has charged already: nothing is settled without knowing the fee, and the next try finds the charge.
#[test]
fn settings_that_cannot_be_read_put_a_payment_off() {
    let scene = Scene::new();
    set(&scene, &json!({ "basis_points": 1_000 }));
    let payment = scene.world.pay(&scene.owner_now(), None, 1_000, "tok_success").id();
    assert!(scene.world.deliver(coffer_simulation::Consumer::OutboxPublish));
    scene.world.faults.fail("fees.get", 1, Fault::TimedOutBefore);
    scene.world.work(Queue::Payments);
    assert_eq!(balances(&scene), [0, 0, 0]);
    scene.world.run_until_quiet();
    assert_eq!((scene.charged(&payment), balances(&scene)), ((1_000, 1), [-1_000, 900, 100]));
    scene.comes_to_rest();
}

#[test]
fn a_provider_s_statement_is_of_what_was_captured_and_knows_no_fee_of_ours() {
    let scene = Scene::new();
    set(&scene, &json!({ "basis_points": 1_000 }));
    let payment = scene.world.paid(&scene.owner_now(), 1_000);
    scene.world.clock.advance(std::time::Duration::from_secs(1));
    let line = json!({ "reference": payment, "kind": "charge", "amount": 1_000, "currency": "EUR" });
    let id = scene.world.state(&scene.owner_now(), &[line]).id();
    scene.world.settle();
    let counts = &scene.world.show(&scene.owner_now(), &format!("/v1/statements/{id}"))["counts"];
    assert_eq!((&counts["matched"], &counts["missing_at_provider"]), (&json!(1), &json!(0)));
}
