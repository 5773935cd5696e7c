//! GET /disputes/{id}.

use serde_json::{Value, json};

use crate::support::TestApp;

// B12: what a merchant sees, and what it means for payment and ledger.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_dispute_is_shown_and_its_money_is_away() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let dispute = shop.disputed(700).await;
    let shown = shop.get(format!("/disputes/{}", dispute["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(shown, dispute);
    assert_eq!(
        (&shown["status"], &shown["amount"], &shown["currency"]),
        (&json!("needs_response"), &json!(700), &json!("EUR"))
    );
    assert_eq!((&shown["reason"], &shown["evidence"]), (&json!("fraudulent"), &Value::Null));
    let payment = shop.get(format!("/payments/{}", shown["payment_id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!((&payment["status"], &payment["amount_disputed"]), (&json!("succeeded"), &json!(700)));
    shop.refund(&payment, &json!({ "amount": 1 })).await.problem(422, "amount_exceeds_refundable");
    assert_eq!(shop.balance("acc_merchant_eur").await, (0, 0));
    assert_eq!(shop.balance("acc_disputes_eur").await, (700, 0));
}
