//! POST /payments: what is taken in and what is refused. A refused payment leaves nothing behind.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Shop, TestApp, new_key, payment_of, wallet_payment_of};

fn for_order(order: &Value, amount: i64, currency: &str) -> Value {
    let mut payment = payment_of(amount, currency, "tok_success");
    payment["order_id"] = order["id"].clone();
    payment
}

async fn assert_no_payments(shop: &Shop) {
    assert_eq!(shop.all("/payments").await, Vec::<Value>::new());
}

// B6: whole, positive, bounded numbers of minor units, and nothing that only looks like one.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn amounts_are_positive_whole_minor_units() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for (amount, code) in [
        ("1.5", "not_an_integer"),
        ("1.0", "not_an_integer"),
        ("1e3", "not_an_integer"),
        ("\"100\"", "not_an_integer"),
        ("true", "not_an_integer"),
        ("null", "not_an_integer"),
        ("[100]", "not_an_integer"),
        ("0", "not_positive"),
        ("-1", "not_positive"),
        ("-9223372036854775808", "not_positive"),
        ("1000000000000", "too_large"),
        ("9223372036854775808", "too_large"),
    ] {
        let body = payment_of(100, "EUR", "tok_success")
            .to_string()
            .replace("\"amount\":100", &format!("\"amount\":{amount}"));
        let answer = shop.post("/payments").key(&new_key()).text("application/json", body).await;
        assert_eq!(answer.faults(), [format!("/amount {code}")], "{amount}");
    }
    // Beyond 64 bits a number is no integer any more; what counts is that it is refused.
    let body = r#"{"amount":18446744073709551616,"currency":"EUR","method":{"type":"card","token":"tok_success"}}"#;
    let faults = shop.post("/payments").key(&new_key()).text("application/json", body).await.faults();
    assert!(faults.len() == 1 && faults[0].starts_with("/amount "), "{faults:?}");
    assert_no_payments(&shop).await;
}

// B6: ISO 4217 in capitals; currencies without or with three decimals are as good as others.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn currencies_are_iso_4217() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for bad in ["ZZZ", "eur", "EURO", "", "XXX", "€"] {
        let answer = shop.pay(&payment_of(100, bad, "tok_success")).await;
        assert_eq!(answer.faults(), ["/currency invalid_currency"], "{bad:?}");
    }
    assert_no_payments(&shop).await;
    for (currency, amount) in [("JPY", 1_000), ("KWD", 1_234)] {
        let payment = shop.paid(amount, currency).await;
        assert_eq!((&payment["currency"], &payment["amount_captured"]), (&json!(currency), &json!(amount)));
        assert_eq!(shop.balance(&format!("acc_merchant_{}", currency.to_lowercase())).await, (amount, 0));
    }
}

// D2, D3: all faults at once, each with its pointer.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn every_fault_is_told_at_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = json!({
        "amount": 0,
        "currency": "gold",
        "method": { "type": "cash", "color": "blue" },
        "order_id": "pay_1",
        "description": "x".repeat(501),
        "surprise/a~b": 1,
    });
    let faults = [
        "/amount not_positive",
        "/currency invalid_currency",
        "/description too_long",
        "/method/color unknown_field",
        "/method/type unknown_value",
        "/order_id invalid_id",
        "/surprise~1a~0b unknown_field",
    ];
    assert_eq!(shop.pay(&body).await.faults(), faults);
    assert_eq!(shop.pay(&json!({})).await.faults(), ["/amount required", "/currency required", "/method required"]);
    assert_no_payments(&shop).await;
}

// B3, B20: what cannot be captured so is refused by name, never half done.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_way_to_capture_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut manual = payment_of(100, "EUR", "tok_success");
    manual["capture"] = "later".into();
    assert_eq!(shop.pay(&manual).await.faults(), ["/capture unknown_value"]);
    let wallet = shop.wallet("EUR").await;
    let mut by_hand = wallet_payment_of(100, &wallet);
    by_hand["capture"] = "manual".into();
    assert_eq!(shop.pay(&by_hand).await.faults(), ["/capture not_available"]);
    let merchant =
        json!({ "amount": 100, "currency": "EUR", "method": { "type": "wallet", "account_id": "acc_merchant_eur" } });
    assert_eq!(shop.pay(&merchant).await.faults(), ["/method/account_id invalid_id"]);
    assert_no_payments(&shop).await;
    let mut automatic = payment_of(100, "EUR", "tok_success");
    automatic["capture"] = "automatic".into();
    shop.pay(&automatic).await.ok(202);
}

// B13: up to 50 keys of 40 characters with values of 500, kept as they are.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn metadata_is_bounded_and_kept() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let with = |metadata: Value| {
        let mut payment = payment_of(100, "EUR", "tok_success");
        payment["metadata"] = metadata;
        payment
    };
    let keys = |count: usize| (0..count).map(|number| (format!("key {number}"), Value::from("v"))).collect();
    let good = [Value::Object(keys(50)), json!({ "k".repeat(40): "v".repeat(500), "ключ": "значение 🙂" })];
    for metadata in good {
        let payment = shop.pay(&with(metadata.clone())).await.ok(202);
        assert_eq!(payment["metadata"], metadata);
        assert_eq!(shop.settled(&payment).await["metadata"], metadata);
    }
    for (metadata, code) in [
        (Value::Object(keys(51)), "too_many_keys"),
        (json!({ "k".repeat(41): "v" }), "invalid_key"),
        (json!({ "": "v" }), "invalid_key"),
        (json!({ "k": "v".repeat(501) }), "too_long"),
        (json!({ "k": 1 }), "invalid_type"),
        (json!(["k"]), "invalid_type"),
    ] {
        assert_eq!(shop.pay(&with(metadata)).await.faults(), [format!("/metadata {code}")]);
    }
}

// B17: a card number is in no text that is taken in.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn card_numbers_are_refused_in_every_text() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for number in ["4242424242424242", "card 5555 5555 5555 4444.", "3782-822463-10005"] {
        for (pointer, change) in [
            ("/description", json!({ "description": number })),
            ("/metadata", json!({ "metadata": { "note": number } })),
            ("/metadata", json!({ "metadata": { number: "note" } })),
            ("/method/token", json!({ "method": { "type": "card", "token": number } })),
        ] {
            let mut payment = payment_of(100, "EUR", "tok_success");
            change.as_object().expect("an object").iter().for_each(|(name, value)| payment[name] = value.clone());
            let answer = shop.pay(&payment).await;
            assert_eq!(answer.faults(), [format!("{pointer} card_number")], "{change}");
            assert!(!answer.text.contains(number), "{answer}");
        }
    }
    assert_no_payments(&shop).await;
}

// B7: a payment is in its order's currency.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn another_currency_than_the_order_s_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(1_000, "EUR").await;
    let problem = shop.pay(&for_order(&order, 1_000, "USD")).await.problem(422, "currency_mismatch");
    assert_eq!(problem["expected"], "EUR");
    assert_no_payments(&shop).await;
    shop.pay(&for_order(&order, 1_000, "EUR")).await.ok(202);
}

// B15: never more than what is still owed, and the order says how much that is.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_order_takes_no_more_than_it_needs() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(1_000, "EUR").await;
    let problem = shop.pay(&for_order(&order, 1_001, "EUR")).await.problem(422, "amount_exceeds_outstanding");
    assert_eq!(problem["available_amount"], 1_000);
    assert_no_payments(&shop).await;

    let first = shop.pay(&for_order(&order, 400, "EUR")).await.ok(202);
    let problem = shop.pay(&for_order(&order, 601, "EUR")).await.problem(422, "amount_exceeds_outstanding");
    assert_eq!(problem["available_amount"], 600, "what a payment holds is not there for another");
    shop.payment_in("succeeded", &first).await;
    let listed = shop.all("/orders").await.remove(0);
    assert_eq!(
        (&listed["status"], &listed["amount_paid"], &listed["outstanding_amount"]),
        (&json!("open"), &json!(400), &json!(600))
    );

    let second = shop.pay(&for_order(&order, 600, "EUR")).await.ok(202);
    shop.payment_in("succeeded", &second).await;
    let paid = shop.order_in("paid", &order).await;
    assert_eq!((&paid["amount_paid"], &paid["outstanding_amount"]), (&json!(1_000), &json!(0)));
    let problem = shop.pay(&for_order(&order, 1, "EUR")).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("paid"), &json!(["fulfilled", "refunded"])));
}

// B15 under parallel payments: together they never take more than the total.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_payments_never_exceed_the_order() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(1_000, "EUR").await;
    let answers = join_all((0..10).map(async |_| shop.pay(&for_order(&order, 300, "EUR")).await)).await;
    let taken: Vec<Value> = answers.iter().filter(|answer| answer.status == 202).map(|answer| answer.ok(202)).collect();
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        match answer.status {
            409 => drop(answer.problem(409, "request_in_progress")),
            _ => drop(answer.problem(422, "amount_exceeds_outstanding")),
        }
    }
    assert!((1..=3).contains(&taken.len()), "{} of ten were taken", taken.len());
    for payment in &taken {
        shop.payment_in("succeeded", payment).await;
    }
    let paid = 300 * i64::try_from(taken.len()).expect("small");
    let listed = shop.all("/orders").await.remove(0);
    assert_eq!((&listed["amount_paid"], &listed["outstanding_amount"]), (&json!(paid), &json!(1_000 - paid)));
    assert_eq!(shop.balance("acc_merchant_eur").await, (paid, 0));
    assert_eq!(shop.all("/payments").await.len(), taken.len());
}

// B1: orders that are not open take no payment; ids of nothing are not found.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_cancelled_or_unknown_order_takes_no_payment() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(1_000, "EUR").await;
    shop.post(format!("/orders/{}/cancel", order["id"].as_str().expect("an id"))).await.ok(200);
    let problem = shop.pay(&for_order(&order, 1_000, "EUR")).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("cancelled"), &json!([])));
    let nowhere = json!({ "id": "ord_01m7z21wcwfb09peqcqcw21n8d" });
    shop.pay(&for_order(&nowhere, 1_000, "EUR")).await.problem(404, "not_found");
    assert_no_payments(&shop).await;
}
