//! What becomes of a payment, by the sandbox's test tokens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Shop, TestApp, eventually, payment_of};

/// The sweeper asks after a payment a minute after its last try.
const SWEPT_WITHIN: Duration = Duration::from_secs(120);

/// Sweeps until the payment has this status.
async fn swept_to(app: &TestApp, shop: &Shop, status: &str, payment: &Value) -> Value {
    let aws = app.aws();
    eventually(&format!("a sweep to {status}"), SWEPT_WITHIN, async || {
        aws.sweep().await?;
        let shown = shop.payment(payment).await;
        if shown["status"] == status {
            return Ok(shown);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(shown.to_string())
    })
    .await
}

// B10, B11: a decline is said in our words, books nothing, and leaves the order to another card.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn declines_say_why_and_whether_to_try_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(900, "EUR").await;
    for (token, code, retryable) in [
        ("tok_declined_insufficient_funds", "insufficient_funds", true),
        ("tok_declined_do_not_honor", "do_not_honor", true),
        ("tok_declined_expired_card", "expired_card", false),
        ("tok_of_nobody", "invalid_token", false),
    ] {
        let payment = shop.pay_order(&order, token).await;
        let failed = shop.payment_in("failed", &payment).await;
        let failure = &failed["failure"];
        assert_eq!((&failure["code"], &failure["retryable"]), (&json!(code), &json!(retryable)), "{failed}");
        assert!(failure["message"].as_str().is_some_and(|message| !message.is_empty()), "{failed}");
        assert_eq!(failed["amount_captured"], 0);
        let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
        assert_eq!(types, ["payment.created", "payment.failed"]);
    }
    assert_eq!(shop.all("/accounts").await, Vec::<Value>::new(), "nothing was booked");
    let listed = shop.all("/orders").await.remove(0);
    assert_eq!((&listed["status"], &listed["outstanding_amount"]), (&json!("open"), &json!(900)));
    shop.pay_order(&order, "tok_success").await;
    shop.order_in("paid", &order).await;
}

// B11, A9: a provider that fails twice is asked again under the same key, and charges once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_flaky_provider_is_asked_until_it_answers() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.pay(&payment_of(700, "EUR", "tok_flaky")).await.ok(202);
    shop.payment_in("succeeded", &payment).await;
    app.aws().provider().await.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (700, 0));
}

// B11: a payment that is disputed later succeeds first.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_that_will_be_disputed_succeeds() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.pay(&payment_of(700, "EUR", "tok_dispute")).await.ok(202);
    shop.payment_in("succeeded", &payment).await;
}

// B11, B1: a customer has to act; when they have, the sweeper hears of it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_waits_for_its_customer() {
    let mut app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(800, "EUR").await;
    let payment = shop.pay_order(&order, "tok_requires_action").await;
    let waiting = shop.payment_in("requires_action", &payment).await;
    assert_eq!((&waiting["failure"], &waiting["amount_captured"]), (&Value::Null, &json!(0)));
    shop.refund(&payment, &json!({})).await.problem(409, "illegal_state");
    let cancel = shop.post(format!("/orders/{}/cancel", order["id"].as_str().expect("an id")));
    cancel.await.problem(409, "illegal_state");

    let charge = app.aws().provider().await.authenticate(&payment).await;
    assert_eq!(charge["status"], "succeeded");
    app.let_others_in();
    swept_to(&app, &shop, "succeeded", &payment).await;
    shop.order_in("paid", &order).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (800, 0));
    let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["payment.created", "payment.requires_action", "payment.succeeded"]);
}

// B8: charged, but the answer never came. The sweeper asks; nobody charges again.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_lost_answer_is_asked_after_and_charged_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.pay(&payment_of(600, "EUR", "tok_timeout")).await.ok(202);
    let provider = app.aws().provider().await;
    swept_to(&app, &shop, "succeeded", &payment).await;
    provider.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (600, 0));
    assert_eq!(shop.all("/accounts/acc_merchant_eur/entries").await.len(), 1);
    let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["payment.created", "payment.succeeded"], "what is unknown inside is `processing` outside");
}
