//! GET /wallets.

use serde_json::Value;

use crate::support::TestApp;

// D9: newest first, page by page.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn wallets_come_newest_first() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    assert_eq!(shop.all("/wallets").await, Vec::<Value>::new());
    let mut made = Vec::new();
    for currency in ["EUR", "USD", "EUR"] {
        made.push(shop.wallet(currency).await);
    }
    made.reverse();
    assert_eq!(shop.all("/wallets").await, made);
    let page = shop.get("/wallets?limit=2").await;
    assert_eq!(page.ok(200)["data"].as_array().map(Vec::len), Some(2));
    assert!(page.header("link").is_some(), "{page}");
}
