//! POST /payments/{id}/cancel: payments that are given up before their money is taken.

use serde_json::{Value, json};

use super::capture::authorized;
use crate::support::{Answer, Party, TestApp, new_key, payment_of};

async fn cancel(party: &Party, payment: &Value) -> Answer {
    party.post(format!("/payments/{}/cancel", payment["id"].as_str().expect("an id"))).key(&new_key()).await
}

// B4: what was authorised is given up, and its order may be paid by another.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_authorised_payment_is_given_up() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = authorized(&shop, "tok_success").await;
    assert_eq!(cancel(&shop, &payment).await.ok(202)["status"], "processing");
    let cancelled = shop.payment_in("cancelled", &payment).await;
    assert_eq!((&cancelled["failure"], &cancelled["amount_captured"]), (&Value::Null, &json!(0)));
    let charge = app.aws().provider().await.charge(&payment, 1).await.expect("a charge");
    assert_eq!(charge["status"], "cancelled", "the provider has let the money go");
    let problem = cancel(&shop, &payment).await.problem(409, "illegal_state");
    assert_eq!((&problem["current"], &problem["allowed"]), (&json!("cancelled"), &json!([])));
    shop.pay_order(&order, "tok_success").await;
    shop.order_in("paid", &order).await;
}

// B4: a customer who does not act need not be waited for.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_that_waits_for_its_customer_is_given_up() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.pay(&payment_of(500, "EUR", "tok_requires_action")).await.ok(202);
    shop.payment_in("requires_action", &payment).await;
    cancel(&shop, &payment).await.ok(202);
    shop.payment_in("cancelled", &payment).await;
    assert_eq!(shop.all("/accounts").await, Vec::<Value>::new(), "nothing was booked");
}

// B1: what is paid is refunded, not cancelled.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_that_succeeded_is_not_cancelled() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(500, "EUR").await;
    let problem = cancel(&shop, &payment).await.problem(409, "illegal_state");
    assert_eq!(problem["allowed"], json!(["partially_refunded", "refunded"]));
}
