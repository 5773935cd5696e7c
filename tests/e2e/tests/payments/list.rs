//! GET /payments: newest first, by status and time.

use serde_json::Value;

use crate::support::{TestApp, payment_of};

fn ids(payments: &[Value]) -> Vec<&str> {
    payments.iter().map(|payment| payment["id"].as_str().expect("an id")).collect()
}

// D12
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_by_status_and_time() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let first = shop.paid(100, "EUR").await;
    let declined = shop.pay(&payment_of(200, "EUR", "tok_declined_do_not_honor")).await.ok(202);
    let declined = shop.payment_in("failed", &declined).await;
    let last = shop.paid(300, "EUR").await;
    let [first, declined_id, last] = [&first, &declined, &last].map(|payment| payment["id"].as_str().expect("an id"));
    let since = declined["created_at"].as_str().expect("a time");

    assert_eq!(ids(&shop.all("/payments").await), [last, declined_id, first]);
    assert_eq!(ids(&shop.all("/payments?status=succeeded").await), [last, first]);
    assert_eq!(ids(&shop.all("/payments?status=failed").await), [declined_id]);
    assert_eq!(ids(&shop.all("/payments?status=processing").await), Vec::<&str>::new());
    assert_eq!(ids(&shop.all(&format!("/payments?created_from={since}")).await), [last, declined_id]);
    assert_eq!(ids(&shop.all(&format!("/payments?created_to={since}")).await), [first]);
    assert_eq!(ids(&shop.all(&format!("/payments?status=succeeded&created_from={since}")).await), [last]);
    let faults = shop.get("/payments?status=paid&created_from=yesterday").await.faults();
    assert_eq!(faults, ["created_from invalid_time", "status unknown_value"]);
}

// D11
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_with_their_orders() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, of_order) = shop.paid_order(100).await;
    let alone = shop.paid(200, "EUR").await;
    let page = shop.get("/payments?expand[]=order&limit=1").await;
    assert_eq!(page.ok(200)["data"][0]["order"], Value::Null);
    assert_eq!(page.ok(200)["data"][0]["id"], alone["id"]);
    let listed = shop.get("/payments?expand[]=order").await.ok(200)["data"].as_array().expect("a page").clone();
    assert_eq!((&listed[1]["id"], &listed[1]["order"]), (&of_order["id"], &order));
    assert_eq!(shop.get("/payments?expand[]=order&limit=51").await.faults(), ["limit out_of_range"]);
}
