//! GET /settings/fees, and the function by which an operator sets them.

use serde_json::{Value, json};

use crate::support::TestApp;

// C1: what a payment costs the merchant is kept in the charge's own transaction.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_fee_is_kept_from_what_is_captured_after_it_was_set() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let none = json!({ "basis_points": 0, "fixed": {}, "updated_at": null });
    assert_eq!(shop.get("/settings/fees").await.ok(200), none);
    let before = shop.paid(1_000, "EUR").await;
    assert_eq!(before["amount_fee"], 0);

    let tenant = shop.get("/tenants/me").await.ok(200)["id"].clone();
    let terms = json!({ "tenant": tenant, "basis_points": 290, "fixed": { "EUR": 25 } });
    let set = app.aws().invoke("fees-update", terms.to_string()).await;
    assert_eq!((&set["basis_points"], &set["fixed"]), (&terms["basis_points"], &terms["fixed"]));
    assert_eq!(shop.get("/settings/fees").await.ok(200), set);
    let after = shop.paid(1_000, "EUR").await;
    assert_eq!(after["amount_fee"], 54);
    assert_eq!(shop.balance("acc_clearing_eur").await, (-2_000, 0));
    assert_eq!(shop.balance("acc_merchant_eur").await, (1_946, 0));
    assert_eq!(shop.balance("acc_fees_eur").await, (54, 0));
    let entries = shop.all("/accounts/acc_fees_eur/entries").await;
    assert_eq!(entries.iter().map(|entry| entry["payment_id"].clone()).collect::<Vec<Value>>(), [after["id"].clone()]);
}

// What is asked wrongly changes nothing, and a merchant cannot ask at all.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_are_no_terms_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let tenant = shop.get("/tenants/me").await.ok(200)["id"].clone();
    let wrong = json!({ "tenant": tenant, "basis_points": 10_001 });
    let answer = app.aws().invoke("fees-update", wrong.to_string()).await;
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    shop.call("PUT", "/settings/fees").json(&json!({ "basis_points": 0 })).await.problem(405, "method_not_allowed");
    assert_eq!(shop.get("/settings/fees").await.ok(200)["updated_at"], Value::Null);
}
