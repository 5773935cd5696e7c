//! One merchant with many payments at once (C4).

use futures_util::{StreamExt, stream};

use crate::support::{TestApp, payment_of};

const PAYMENTS: i64 = 100;
/// A client's connections; the emulator's processes are few.
const AT_ONCE: usize = 25;

// C4: a hundred payments at once to one merchant: none fails for the others' sake, and the balance is their sum.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_hundred_payments_at_once_all_settle() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let bodies = (1..=PAYMENTS).map(|amount| payment_of(amount, "EUR", "tok_success"));
    let taken: Vec<_> =
        stream::iter(bodies.map(async |body| shop.pay(&body).await.ok(202))).buffer_unordered(AT_ONCE).collect().await;
    for payment in &taken {
        shop.payment_in("succeeded", payment).await;
    }
    let sum = PAYMENTS * (PAYMENTS + 1) / 2;
    assert_eq!(shop.balance("acc_merchant_eur").await, (sum, 0));
    assert_eq!(shop.balance("acc_clearing_eur").await, (-sum, 0));
    let entries = shop.all("/accounts/acc_merchant_eur/entries").await;
    assert_eq!(entries.len(), taken.len());
    let booked: i64 = entries.iter().filter_map(|entry| entry["amount"].as_i64()).sum();
    assert_eq!(booked, sum);
    let failed = shop.all("/payments?status=failed").await;
    assert_eq!(failed, Vec::<serde_json::Value>::new());
}
