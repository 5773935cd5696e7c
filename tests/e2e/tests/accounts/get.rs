//! GET /accounts/{id}.

use serde_json::json;

use crate::support::TestApp;

// The shape of DESIGN.md; an account without money is not there yet.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_account_with_its_balance() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for id in ["acc_merchant_eur", "acc_merchant_zzz", "acc_cash_eur", "acc_merchant_EUR", "eur"] {
        shop.get(format!("/accounts/{id}")).await.problem(404, "not_found");
    }
    shop.paid(100, "EUR").await;
    let mut account = shop.get("/accounts/acc_merchant_eur").await.ok(200);
    let as_of = account["as_of"].take();
    let as_of: jiff::Timestamp = as_of.as_str().and_then(|text| text.parse().ok()).expect("a time");
    assert!(jiff::Timestamp::now().duration_since(as_of).as_secs().abs() < 60, "as of {as_of}");
    let expected = json!({
        "id": "acc_merchant_eur", "kind": "merchant", "currency": "EUR", "posted_amount": 100, "pending_amount": 0, "as_of": null,
    });
    assert_eq!(account, expected);
}

// C3: the sum of what was posted until then; what was pending is not kept.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_account_at_a_past_time() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let before = jiff::Timestamp::now();
    shop.paid(100, "EUR").await;
    let between = jiff::Timestamp::now();
    shop.paid(250, "EUR").await;
    let now = jiff::Timestamp::now();
    for (at, posted) in [(before, 0), (between, 100), (now, 350)] {
        let account = shop.get(format!("/accounts/acc_merchant_eur?at={at:.3}")).await.ok(200);
        assert_eq!((&account["posted_amount"], &account["pending_amount"]), (&json!(posted), &json!(null)), "at {at}");
        assert_eq!(account["as_of"], format!("{at:.3}"));
    }
    shop.get("/accounts/acc_merchant_usd?at=2026-01-01T00:00:00Z").await.problem(404, "not_found");
    for at in ["2999-01-01T00:00:00Z", "yesterday", ""] {
        shop.get(format!("/accounts/acc_merchant_eur?at={at}")).await.problem(400, "invalid_fields");
    }
}
