//! Money in and out of a wallet: top-ups, payments, refunds.

use serde_json::{Value, json};

use crate::support::{TestApp, id, new_key, payment_of, send_all, wallet_payment_of};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_wallet_pays_an_order_and_gets_a_refund_back() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (wallet, top_up) = shop.filled_wallet(1_000).await;
    assert_eq!(top_up["top_up"], json!({ "account_id": wallet["id"] }));
    assert_eq!(shop.balance("acc_clearing_eur").await, (-1_000, 0));
    let order = shop.order(600, "EUR").await;
    let mut payment = wallet_payment_of(600, &wallet);
    payment["order_id"] = order["id"].clone();
    let payment = shop.pay(&payment).await.ok(202);
    let payment = shop.payment_in("succeeded", &payment).await;
    assert_eq!(payment["method"], json!({ "type": "wallet", "account_id": wallet["id"] }));
    shop.order_in("paid", &order).await;
    assert_eq!((shop.balance(id(&wallet)).await, shop.balance("acc_merchant_eur").await), ((400, 0), (600, 0)));

    shop.refund(&payment, &json!({ "amount": 100 })).await.ok(202);
    assert_eq!(shop.settled_refunds(&payment).await[0]["status"], "succeeded");
    assert_eq!((shop.balance(id(&wallet)).await, shop.balance("acc_merchant_eur").await), ((500, 0), (500, 0)));
    let entries = shop.all(&format!("/accounts/{}/entries", id(&wallet))).await;
    let amounts: Vec<&Value> = entries.iter().map(|entry| &entry["amount"]).collect();
    assert_eq!(amounts, [100, -600, 1_000]);
}

// B20: as many of them are paid as the wallet has money for, whichever they are.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_spending_never_overdraws() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (wallet, top_up) = shop.filled_wallet(1_000).await;
    let body = wallet_payment_of(300, &wallet);
    let mut payments = Vec::new();
    for answer in send_all((0..6).map(|_| shop.pay(&body)), 3).await {
        // Payments of one wallet that meet may be asked to come again.
        if answer.status == 202 {
            payments.push(answer.ok(202));
        }
    }
    let (mut paid, mut refused) = (0, 0);
    for payment in &payments {
        let settled = shop.settled(payment).await;
        match settled["status"].as_str() {
            Some("succeeded") => paid += 1,
            _ => {
                assert_eq!(settled["failure"]["code"], "insufficient_funds", "{settled}");
                refused += 1;
            }
        }
    }
    assert_eq!((paid, refused), (payments.len().min(3), payments.len().saturating_sub(3)));
    assert_eq!(shop.balance(id(&wallet)).await, (1_000 - 300 * i64::try_from(paid).expect("few"), 0));
    let refund = shop.refund(&top_up, &json!({ "amount": 1_000 })).await;
    assert!(refund.problem(422, "wallet_balance_too_low")["available_amount"].is_i64(), "{refund}");
}

// E10: a wallet that is not there, or is another tenant's.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_wallet_of_nobody_takes_no_part() {
    let app = TestApp::start().await;
    let (shop, stranger) = (app.sign_up().await, app.sign_up().await);
    let theirs = stranger.wallet("EUR").await;
    shop.pay(&wallet_payment_of(1, &theirs)).await.problem(404, "not_found");
    let mut top_up = payment_of(1, "EUR", "tok_success");
    top_up["top_up"] = json!({ "account_id": theirs["id"] });
    shop.pay(&top_up).await.problem(404, "not_found");
    top_up["order_id"] = shop.order(1, "EUR").await["id"].clone();
    assert_eq!(shop.pay(&top_up).await.faults(), ["/top_up exclusive"]);
    let mut dollars = wallet_payment_of(1, &theirs);
    dollars["currency"] = "USD".into();
    assert_eq!(
        shop.post("/payments").key(&new_key()).json(&dollars).await.faults(),
        ["/method/account_id currency_mismatch"]
    );
    assert_eq!(shop.all("/payments").await, Vec::<Value>::new());
}
