//! Workers that die in the middle of their work.
#![cfg(target_os = "linux")]

use std::time::Duration;

use serde_json::Value;

use crate::support::{SOON, TestApp, eventually, payment_of};

/// The sweeper asks after a payment a minute after it was taken in.
const SWEPT_WITHIN: Duration = Duration::from_secs(150);

// I6, B8, A8: the provider has charged, the worker is killed before it could write that down. The sweeper finds out; the
// payment ends once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_worker_killed_in_mid_payment_loses_nothing() {
    let mut app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    let (aws, processes) = (app.aws(), app.processes());
    let provider = aws.provider().await;
    let payment = shop.pay(&payment_of(900, "EUR", "tok_timeout")).await.ok(202);
    // From here on the provider keeps its answer back for longer than the worker lives.
    eventually("a charge at the provider", SOON, async || provider.charge(&payment, 1).await.ok_or("none".to_owned()))
        .await;
    assert!(processes.kill_function("payments-process") > 0, "no worker to kill");
    let shown = shop.payment(&payment).await;
    assert_eq!(shown["status"], "processing", "the worker was done before it was killed");
    app.let_others_in();

    eventually("the end of an orphaned payment", SWEPT_WITHIN, async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        aws.sweep().await?;
        let shown = shop.payment(&payment).await;
        if shown["status"] == "succeeded" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    provider.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (900, 0));
    assert_eq!(shop.all("/accounts/acc_merchant_eur/entries").await.len(), 1);
    let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["payment.created", "payment.succeeded"]);
    // The workers that come after do their work.
    shop.paid(1, "EUR").await;
}

// I5, I6: the processes of every function behind a call die; the next call is answered.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn killed_functions_come_again() {
    let app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    shop.paid(100, "EUR").await;
    for function in ["outbox-publish", "cache-refresh", "payments-create", "payments-get"] {
        assert!(app.processes().kill_function(function) > 0, "no {function} to kill");
    }
    let key = crate::support::new_key();
    let body = payment_of(200, "EUR", "tok_success");
    // The call that meets the dead process may fail; the same key then does the work once.
    let payment = eventually("a payment taken in", SOON, async || {
        let answer = shop.post("/payments").key(&key).json(&body).await;
        if answer.status == 202 { Ok(answer.json()) } else { Err(answer.to_string()) }
    })
    .await;
    let path = format!("/payments/{}", payment["id"].as_str().expect("an id"));
    eventually("a succeeded payment", SOON, async || {
        let answer = shop.get(&path).await;
        if answer.status == 200 && answer.json()["status"] == "succeeded" { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    assert_eq!(shop.all("/payments").await.len(), 2);
    assert_eq!(shop.balance("acc_merchant_eur").await, (300, 0));
}
