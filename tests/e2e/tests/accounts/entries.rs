//! GET /accounts/{id}/entries.

use crate::support::{TestApp, next_of};

// C1: entries newest first, in pages, and together they are the balance.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_entries_of_an_account() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    shop.get("/accounts/acc_merchant_eur/entries").await.problem(404, "not_found");
    for amount in [100, 200, 300] {
        shop.paid(amount, "EUR").await;
    }
    let page = shop.get("/accounts/acc_merchant_eur/entries?limit=2").await;
    let mut entries = page.ok(200)["data"].as_array().expect("data").clone();
    let next = next_of(&page).expect("a next page");
    entries.extend(shop.follow(&next).await.ok(200)["data"].as_array().expect("data").clone());
    let amounts: Vec<i64> = entries.iter().map(|entry| entry["amount"].as_i64().expect("signed")).collect();
    assert_eq!(amounts, [300, 200, 100]);
    for entry in &entries {
        assert_eq!((&entry["account_id"], &entry["currency"]), (&"acc_merchant_eur".into(), &"EUR".into()));
    }
    assert_eq!(shop.balance("acc_merchant_eur").await.0, amounts.iter().sum::<i64>());
}
