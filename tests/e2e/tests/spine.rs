//! The way of a payment through every hop: signed up, ordered, paid, settled, booked, told.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{TestApp, eventually, new_key, order_of, payment_of, unique};

/// A hard cap. The aim is 3 s; the time it took is printed.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

// B2, B15, C1, I1: 202 with Location, a worker settles it, ledger, order and events say the same.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_order_is_paid_and_settled_in_the_ledger() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;

    let (order_key, order_request) = (new_key(), format!("order-{}", unique()));
    let order =
        shop.post("/orders").key(&order_key).header("x-request-id", &order_request).json(&order_of(4_200, "EUR"));
    let order = order.await.ok(201);
    assert_eq!(order["status"], "open");
    assert_eq!(order["outstanding_amount"], 4_200);

    let (key, request) = (new_key(), format!("pay-{}", unique()));
    let mut body = payment_of(4_200, "EUR", "tok_success");
    body["order_id"] = order["id"].clone();
    let started = Instant::now();
    let answer = shop.post("/payments").key(&key).header("x-request-id", &request).json(&body).await;
    let taken_in = answer.ok(202);
    assert_eq!(taken_in["status"], "processing");
    assert_eq!(taken_in["failure"], Value::Null);
    let location = answer.header("location").expect("a Location").to_owned();
    assert_eq!(location, format!("/api/v1/payments/{}", taken_in["id"].as_str().expect("an id")));

    let payment = eventually("a succeeded payment", SETTLED_WITHIN, async || {
        let shown = shop.follow(&location).await.ok(200);
        if shown["status"] == "succeeded" { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await;
    // Past the test harness, which keeps what tests print to itself.
    let _ = writeln!(std::io::stderr(), "from 202 to succeeded: {} ms", started.elapsed().as_millis());
    assert_eq!(payment["amount_captured"], 4_200);
    assert_eq!(payment["order_id"], order["id"]);

    let paid = shop.order_in("paid", &order).await;
    assert_eq!((&paid["amount_paid"], &paid["outstanding_amount"]), (&json!(4_200), &json!(0)));
    assert_eq!(shop.balance("acc_merchant_eur").await, (4_200, 0));
    assert_eq!(shop.balance("acc_clearing_eur").await, (-4_200, 0));
    let entries =
        [shop.all("/accounts/acc_merchant_eur/entries").await, shop.all("/accounts/acc_clearing_eur/entries").await];
    let [merchant, clearing] = entries.each_ref().map(|entries| {
        assert_eq!(entries.len(), 1, "{entries:?}");
        &entries[0]
    });
    assert_eq!(merchant["amount"].as_i64().expect("signed") + clearing["amount"].as_i64().expect("signed"), 0);
    assert_eq!(merchant["transaction_id"], clearing["transaction_id"]);
    assert_eq!((&merchant["payment_id"], &clearing["payment_id"]), (&payment["id"], &payment["id"]));

    let [created, succeeded] = &shop.events_of(&payment).await[..] else {
        panic!("other than two events of the payment")
    };
    assert_eq!(created["type"], "payment.created");
    assert_eq!((&created["request_id"], &created["idempotency_key"]), (&json!(request), &json!(key)));
    assert_eq!(created["data"]["object"], taken_in, "the event's object is what was answered");
    assert_eq!(succeeded["type"], "payment.succeeded");
    assert_eq!(succeeded["data"]["object"], payment);
    assert_eq!(succeeded["request_id"], created["id"], "what a worker does is traced to the event that asked for it");
    let [created, became_paid] = &shop.events_of(&order).await[..] else {
        panic!("other than two events of the order")
    };
    assert_eq!(created["type"], "order.created");
    assert_eq!((&created["request_id"], &created["idempotency_key"]), (&json!(order_request), &json!(order_key)));
    assert_eq!(created["data"]["object"], order);
    assert_eq!(became_paid["type"], "order.paid");
    assert_eq!(became_paid["data"]["object"], paid);
}

// C1, C4 in small: what parallel payments book adds up to the unit, and every transaction to zero.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_payments_are_booked_to_the_unit() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let amounts: Vec<i64> = (1..=20).map(|number| number * 11).collect();
    let payments = futures_util::future::join_all(
        amounts.iter().map(async |amount| shop.pay(&payment_of(*amount, "EUR", "tok_success")).await.ok(202)),
    );
    for payment in payments.await {
        shop.payment_in("succeeded", &payment).await;
    }
    let total: i64 = amounts.iter().sum();
    assert_eq!(shop.balance("acc_merchant_eur").await, (total, 0));
    assert_eq!(shop.balance("acc_clearing_eur").await, (-total, 0));
    let mut entries = shop.all("/accounts/acc_merchant_eur/entries").await;
    entries.extend(shop.all("/accounts/acc_clearing_eur/entries").await);
    assert_eq!(entries.len(), 2 * amounts.len());
    for entry in &entries {
        let of_transaction = entries.iter().filter(|other| other["transaction_id"] == entry["transaction_id"]);
        let amounts: Vec<i64> = of_transaction.map(|entry| entry["amount"].as_i64().expect("signed")).collect();
        assert_eq!((amounts.len(), amounts.iter().sum::<i64>()), (2, 0), "{entry}");
    }
}
