//! GET /accounts.

use serde_json::{Value, json};

use crate::support::TestApp;

// An account appears with the first money in its currency.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_accounts_of_every_currency() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    assert_eq!(shop.get("/accounts").await.ok(200), json!({ "data": [], "next_cursor": null }));
    shop.paid(100, "EUR").await;
    shop.paid(2_000, "JPY").await;
    let mut accounts = shop.all("/accounts").await;
    accounts.sort_by_key(|account| account["id"].to_string());
    let shown: Vec<Value> = accounts
        .iter()
        .map(|account| json!([account["id"], account["kind"], account["currency"], account["posted_amount"]]))
        .collect();
    let expected = [
        json!(["acc_clearing_eur", "clearing", "EUR", -100]),
        json!(["acc_clearing_jpy", "clearing", "JPY", -2_000]),
        json!(["acc_merchant_eur", "merchant", "EUR", 100]),
        json!(["acc_merchant_jpy", "merchant", "JPY", 2_000]),
    ];
    assert_eq!(shown, expected);
    let page = shop.get("/accounts?limit=3").await;
    assert_eq!(page.ok(200)["data"].as_array().map(Vec::len), Some(3));
    assert!(page.header("link").is_some(), "{page}");
}
