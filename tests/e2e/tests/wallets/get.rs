//! GET /wallets/{id}.

use serde_json::json;

use crate::support::{TestApp, id};

// B20: what is reserved for a card is not available.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_wallet_shows_what_it_holds() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (wallet, top_up) = shop.filled_wallet(500).await;
    let path = format!("/wallets/{}", id(&wallet));
    let shown = shop.get(&path).await.ok(200);
    assert_eq!((&shown["posted_amount"], &shown["available_amount"]), (&json!(500), &json!(500)));
    shop.refund(&top_up, &json!({ "amount": 200 })).await.ok(202);
    shop.settled_refunds(&top_up).await;
    let shown = shop.get(&path).await.ok(200);
    assert_eq!((&shown["posted_amount"], &shown["pending_amount"]), (&json!(300), &json!(0)));
    for wrong in ["acc_wallet_eur", "acc_merchant_eur", id(&top_up)] {
        shop.get(format!("/wallets/{wrong}")).await.problem(404, "not_found");
    }
    shop.get(path.replace("_eur", "_usd")).await.problem(404, "not_found");
}
