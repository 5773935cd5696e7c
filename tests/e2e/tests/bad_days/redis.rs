//! Redis dies and comes back. Nothing goes wrong meanwhile; it is only slower.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{Answer, SOON, Shop, TestApp, eventually, id, payment_of};

const MERCHANT: &str = "acc_merchant_eur";

// H4, G3, M6: every kind of call is still right, payments still settle, limits are still kept, and it is back by itself.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn redis_may_die_and_come_back() {
    let app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(400).await;
    let path = format!("/orders/{}", id(&order));
    shop.get(&path).await.ok(200);

    let mut away = app.processes().kill_redis(app.redis());
    let ready = app.anyone.get("/health/ready").await.ok(200);
    assert_eq!(ready, json!({ "status": "ready", "table": "ok", "cache": "down", "degraded": true }));
    assert_eq!(shop.get(&path).await.ok(200), order);
    assert_eq!(shop.payment(&payment).await, payment);
    all_goes_on(&app, &shop).await;
    let first = left(&shop.get("/orders").await);
    for _ in 0..10 {
        shop.get("/orders").await.ok(200);
    }
    let last = left(&shop.get("/orders").await);
    assert!(last < first, "without Redis each instance counts for itself: {first} left, then {last}");

    away.bring_back();
    is_whole(&app).await;
    assert_eq!(shop.get(&path).await.ok(200), order);
    all_goes_on(&app, &shop).await;
    eventually("a cache that is used again", SOON, async || {
        shop.get(&path).await.ok(200);
        let names = app.redis().names_with(id(&order));
        if names.is_empty() { Err("no entry of the order".to_owned()) } else { Ok(()) }
    })
    .await;
    shop.delete(format!("/sessions/{}", shop.owner.session)).await.ok(204);
    shop.get("/orders").await.problem(401, "token_revoked");
}

// H4: calls that are under way while it dies, while it is away and while it comes back are all answered right.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn calls_go_on_through_the_death_of_redis() {
    let app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    let (order, _) = shop.paid_order(400).await;
    let is_over = AtomicBool::new(false);
    let traffic = async {
        let mut payments = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let (read, payment) = tokio::join!(async { shop.get(format!("/orders/{}", id(&order))).await }, async {
                shop.pay(&payment_of(10, "EUR", "tok_success")).await
            },);
            assert_eq!(read.ok(200), order);
            payments.push(payment.ok(202));
        }
        payments
    };
    let outage = async {
        pause(500).await;
        let mut away = app.processes().kill_redis(app.redis());
        pause(3_000).await;
        away.bring_back();
        pause(1_500).await;
        is_over.store(true, Ordering::Relaxed);
    };
    let (payments, ()) = tokio::join!(traffic, outage);
    for payment in &payments {
        shop.payment_in("succeeded", payment).await;
    }
    let paid = 400 + 10 * i64::try_from(payments.len()).expect("few");
    assert_eq!(shop.balance(MERCHANT).await, (paid, 0));
    is_whole(&app).await;
}

async fn pause(ms: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
}

async fn is_whole(app: &TestApp) {
    eventually("a whole service", SOON, async || {
        let ready = app.anyone.get("/health/ready").await.ok(200);
        if ready["degraded"] == false { Ok(()) } else { Err(ready.to_string()) }
    })
    .await;
}

/// What `RateLimit` says is left.
fn left(answer: &Answer) -> u64 {
    answer.ok(200);
    let left = answer.header("ratelimit").and_then(|field| field.split(';').find_map(|part| part.strip_prefix("r=")));
    left.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no limit is told: {answer}"))
}

/// Log in, write, change and see the change, pay, refund, list.
async fn all_goes_on(app: &TestApp, shop: &Shop) {
    let viewer = shop.add("viewer").await;
    assert_eq!(viewer.get("/users/me").await.ok(200)["role"], "viewer");
    let order = shop.order(300, "EUR").await;
    let path = format!("/orders/{}", id(&order));
    assert_eq!(shop.get(&path).await.ok(200)["status"], "open");
    shop.post(format!("{path}/cancel")).await.ok(200);
    assert_eq!(shop.get(&path).await.ok(200)["status"], "cancelled");
    shop.get("/orders/ord_01m7z21wcwfb09peqcqcw21n8d").await.problem(404, "not_found");

    let (posted, _) = shop.balance(MERCHANT).await;
    let payment = shop.pay(&payment_of(200, "EUR", "tok_success")).await.ok(202);
    let payment = shop.payment_in("succeeded", &payment).await;
    shop.refund(&payment, &json!({ "amount": 50 })).await.ok(202);
    let refunds = shop.settled_refunds(&payment).await;
    assert_eq!(refunds.iter().map(|refund| &refund["status"]).collect::<Vec<&Value>>(), ["succeeded"]);
    assert_eq!(shop.balance(MERCHANT).await, (posted + 150, 0));
    assert!(shop.all("/orders").await.iter().any(|listed| listed["id"] == order["id"]));
    let refresh = json!({ "refresh_token": viewer.refresh_token });
    app.anyone.post("/sessions/refresh").json(&refresh).await.ok(200);
}
