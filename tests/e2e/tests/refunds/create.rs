//! POST /payments/{id}/refunds: in part or whole, never more than was captured.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Party, SOON, TestApp, eventually, payment_of};

const MERCHANT: &str = "acc_merchant_eur";
const CLEARING: &str = "acc_clearing_eur";

/// The refunded amount as the payment shows it, once it is this.
async fn refunded(shop: &Party, payment: &Value, amount: i64) -> Value {
    eventually("the refunded amount", SOON, async || {
        let shown = shop.payment(payment).await;
        if shown["amount_refunded"] == amount { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await
}

// B15, C1, C2: two parts, then the rest without an amount; payment, order and ledger follow.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_is_refunded_in_parts_and_then_whole() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(1_000).await;

    let body = json!({ "amount": 300, "reason": "one cup was broken", "metadata": { "case": "17" } });
    let refund = shop.refund(&payment, &body).await.ok(202);
    assert_eq!(
        (&refund["status"], &refund["amount"], &refund["currency"]),
        (&json!("processing"), &json!(300), &json!("EUR"))
    );
    assert_eq!((&refund["payment_id"], &refund["order_id"]), (&payment["id"], &order["id"]));
    assert_eq!((&refund["reason"], &refund["metadata"]), (&body["reason"], &body["metadata"]));
    let settled = shop.settled_refunds(&payment).await.remove(0);
    assert_eq!((&settled["status"], &settled["metadata"]), (&json!("succeeded"), &body["metadata"]));
    assert_eq!(refunded(&shop, &payment, 300).await["status"], "partially_refunded");
    assert_eq!((shop.balance(MERCHANT).await, shop.balance(CLEARING).await), ((700, 0), (-700, 0)));
    let listed = shop.all("/orders").await.remove(0);
    let figures =
        ["amount_paid", "amount_refunded", "outstanding_amount"].map(|name| listed[name].as_i64().expect("a figure"));
    assert_eq!((&listed["status"], figures), (&json!("paid"), [1_000, 300, 300]));

    let rest = shop.refund(&payment, &json!({})).await.ok(202);
    assert_eq!(rest["amount"], 700);
    assert_eq!(refunded(&shop, &payment, 1_000).await["status"], "refunded");
    let order = shop.order_in("refunded", &order).await;
    assert_eq!(order["amount_refunded"], 1_000);
    assert_eq!((shop.balance(MERCHANT).await, shop.balance(CLEARING).await), ((0, 0), (0, 0)));
    let sum: i64 = shop
        .all(&format!("/accounts/{MERCHANT}/entries"))
        .await
        .iter()
        .map(|entry| entry["amount"].as_i64().expect("signed"))
        .sum();
    assert_eq!(sum, 0);
    let types: Vec<Value> = shop.events_of(&rest).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["refund.created", "refund.succeeded"]);
    let types: Vec<Value> = shop.events_of(&order).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["order.created", "order.paid", "order.refunded"]);
    shop.refund(&payment, &json!({})).await.problem(409, "illegal_state");
}

// C2: what is on its way back is pending, apart from what is posted, at every moment.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_refund_under_way_is_pending_and_not_posted() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(1_000, "EUR").await;
    let mut saw_it_pending = false;
    for number in 1..=5 {
        let before = shop.balance(MERCHANT).await;
        shop.refund(&payment, &json!({ "amount": 100 })).await.ok(202);
        let during = shop.balance(MERCHANT).await;
        saw_it_pending |= during == (before.0, -100);
        assert!([(before.0, -100), (before.0 - 100, 0)].contains(&during), "{before:?}, then {during:?}");
        refunded(&shop, &payment, 100 * number).await;
        assert_eq!(shop.balance(MERCHANT).await, (before.0 - 100, 0));
    }
    assert!(saw_it_pending, "five refunds were settled faster than they could be looked at");
}

// B5: parallel refunds never give back more than was captured.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_refunds_never_exceed_the_payment() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(1_000, "EUR").await;
    let answers = join_all((0..10).map(async |_| shop.refund(&payment, &json!({ "amount": 300 })).await)).await;
    let mut taken = 0;
    for answer in &answers {
        match answer.status {
            202 => taken += 1,
            409 => drop(answer.problem(409, "request_in_progress")),
            _ => drop(answer.problem(422, "amount_exceeds_refundable")),
        }
    }
    assert!((1..=3).contains(&taken), "{taken} of ten were taken");
    let refunds = shop.settled_refunds(&payment).await;
    assert_eq!(refunds.len(), taken);
    assert!(refunds.iter().all(|refund| refund["status"] == "succeeded"), "{refunds:?}");
    let given_back = 300 * i64::try_from(taken).expect("small");
    refunded(&shop, &payment, given_back).await;
    assert_eq!(shop.balance(MERCHANT).await, (1_000 - given_back, 0));
    let problem = shop.refund(&payment, &json!({ "amount": 1_000 - given_back + 1 })).await;
    assert_eq!(problem.problem(422, "amount_exceeds_refundable")["refundable_amount"], 1_000 - given_back);
}

// B1, B5: nothing to refund before there is money, after a decline, and beyond what was captured.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_was_not_captured_is_not_refunded() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    // Fails twice at the provider, so that it is processing for a while.
    let slow = shop.pay(&payment_of(100, "EUR", "tok_flaky")).await.ok(202);
    let problem = shop.refund(&slow, &json!({})).await.problem(409, "illegal_state");
    assert_eq!(problem["current"], "processing");
    let problem = shop.refund(&slow, &json!({ "amount": 100 })).await.problem(409, "illegal_state");
    assert_eq!(problem["current"], "processing");

    let declined = shop.pay(&payment_of(100, "EUR", "tok_declined_expired_card")).await.ok(202);
    shop.payment_in("failed", &declined).await;
    let problem = shop.refund(&declined, &json!({ "amount": 100 })).await.problem(409, "illegal_state");
    assert_eq!(problem["current"], "failed");

    shop.payment_in("succeeded", &slow).await;
    let problem = shop.refund(&slow, &json!({ "amount": 101 })).await.problem(422, "amount_exceeds_refundable");
    assert_eq!(problem["refundable_amount"], 100);
    assert_eq!(shop.settled_refunds(&slow).await, Vec::<Value>::new());
    assert_eq!(shop.balance(MERCHANT).await, (100, 0));
}

// B6, B17, D3: the fields of a refund.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_refunds_are_refused_field_by_field() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(100, "EUR").await;
    for (refund, fault) in [
        (json!({ "amount": 0 }), "/amount not_positive"),
        (json!({ "amount": -1 }), "/amount not_positive"),
        (json!({ "amount": 0.5 }), "/amount not_an_integer"),
        (json!({ "amount": "1" }), "/amount not_an_integer"),
        (json!({ "amount": 1_000_000_000_000_i64 }), "/amount too_large"),
        (json!({ "reason": "" }), "/reason too_short"),
        (json!({ "reason": "r".repeat(201) }), "/reason too_long"),
        (json!({ "reason": "4242424242424242" }), "/reason card_number"),
        (json!({ "metadata": { "note": "4242424242424242" } }), "/metadata card_number"),
        (json!({ "metadata": { "note": 1 } }), "/metadata invalid_type"),
        (json!({ "currency": "EUR" }), "/currency unknown_field"),
    ] {
        assert_eq!(shop.refund(&payment, &refund).await.faults(), [fault], "{refund}");
    }
    assert_eq!(shop.settled_refunds(&payment).await, Vec::<Value>::new());
}
