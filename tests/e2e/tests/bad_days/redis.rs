//! Redis dies and comes back. Nothing goes wrong meanwhile; it is only slower.

use serde_json::json;

use crate::support::{SOON, Shop, TestApp, eventually, id, payment_of};

// H4, G3, M6: every kind of call is still right, payments still settle, limits are still told, and it is back by itself.
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
    let limited = shop.get("/orders").await;
    limited.ok(200);
    assert!(limited.header("ratelimit").is_some(), "without Redis each instance limits for itself: {limited}");

    away.bring_back();
    eventually("a whole service", SOON, async || {
        let ready = app.anyone.get("/health/ready").await.ok(200);
        if ready["degraded"] == false { Ok(()) } else { Err(ready.to_string()) }
    })
    .await;
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

    let (posted, _) = shop.balance("acc_merchant_eur").await;
    let payment = shop.pay(&payment_of(200, "EUR", "tok_success")).await.ok(202);
    let payment = shop.payment_in("succeeded", &payment).await;
    shop.refund(&payment, &json!({ "amount": 50 })).await.ok(202);
    shop.settled_refunds(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (posted + 150, 0));
    assert!(shop.all("/orders").await.iter().any(|listed| listed["id"] == order["id"]));
    let refresh = json!({ "refresh_token": viewer.refresh_token });
    app.anyone.post("/sessions/refresh").json(&refresh).await.ok(200);
}
