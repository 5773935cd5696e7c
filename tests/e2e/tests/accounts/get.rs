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
