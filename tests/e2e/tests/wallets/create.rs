//! POST /wallets.

use serde_json::{Value, json};

use crate::support::{TestApp, id, new_key};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_wallet_is_an_account_of_a_customer() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let customer = json!({ "email": "casey@customer.example", "name": "Casey Customer" });
    let body = json!({ "currency": "EUR", "customer": customer, "metadata": { "tier": "gold" } });
    let answer = shop.post("/wallets").json(&body).await;
    let mut wallet = answer.ok(201);
    assert_eq!(shop.follow(answer.header("location").expect("a location")).await.ok(200), wallet);
    assert!(id(&wallet).starts_with("acc_wallet_") && id(&wallet).ends_with("_eur"), "{wallet}");
    assert_eq!(shop.balance(id(&wallet)).await, (0, 0));
    for name in ["id", "created_at"] {
        assert!(wallet[name].take().is_string());
    }
    let expected = json!({
        "id": null, "kind": "wallet", "currency": "EUR", "customer": customer, "metadata": { "tier": "gold" },
        "posted_amount": 0, "pending_amount": 0, "available_amount": 0, "created_at": null,
    });
    assert_eq!(wallet, expected);
    assert_eq!(shop.all("/events").await[0]["type"], "wallet.created");
}

// A1, D2: a key is honoured, and every fault is told.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_wallet_is_made_once_and_from_what_it_needs() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let key = new_key();
    let make = async || shop.post("/wallets").key(&key).json(&json!({ "currency": "EUR" })).await;
    let (first, again) = (make().await, make().await);
    assert_eq!((again.text, again.headers.contains_key("idempotent-replayed")), (first.text, true));
    assert_eq!(shop.all("/wallets").await.len(), 1);
    let body = json!({ "currency": "eur", "customer": { "email": "x" }, "balance": 1 });
    assert_eq!(
        shop.post("/wallets").json(&body).await.faults(),
        [
            "/balance unknown_field",
            "/currency invalid_currency",
            "/customer/email invalid_email",
            "/customer/name required"
        ]
    );
    assert_eq!(shop.all("/accounts").await, Vec::<Value>::new(), "wallets have a list of their own");
}
