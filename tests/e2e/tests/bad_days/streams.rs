//! Stream consumers that stand still: what depends on them waits and is not lost; what must be at once does not depend on them.

use serde_json::json;

use crate::support::{TestApp, id, payment_of};

// H3, E5: who changes something sees it at once, and tokens that have ended are refused at once, though nobody reads the
// streams.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_at_once_does_not_wait_for_the_stream() {
    let app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    let (order, _) = shop.paid_order(100).await;
    let open = shop.order(100, "EUR").await;
    let (viewer, operator, admin) = (shop.add("viewer").await, shop.add("operator").await, shop.add("admin").await);
    let [open, paid] = [&open, &order].map(|order| format!("/orders/{}", id(order)));
    // All of it is in the cache before anything is changed.
    for path in [&open, &paid, "/users/me"] {
        shop.get(path).await.ok(200);
    }
    for user in [&viewer, &operator, &admin] {
        user.get("/users/me").await.ok(200);
    }
    app.aws()
        .while_paused("cache-refresh", async {
            shop.post(format!("{open}/cancel")).await.ok(200);
            assert_eq!(shop.get(&open).await.ok(200)["status"], "cancelled");
            shop.post(format!("{paid}/fulfil")).await.ok(200);
            assert_eq!(shop.get(&paid).await.ok(200)["status"], "fulfilled");
            shop.patch("/users/me").json(&json!({ "name": "Olive Other" })).await.ok(200);
            assert_eq!(shop.get("/users/me").await.ok(200)["name"], "Olive Other");

            shop.delete(format!("/users/{}", viewer.id)).await.ok(204);
            viewer.get("/orders").await.problem(401, "token_revoked");
            shop.get(format!("/users/{}", viewer.id)).await.problem(404, "not_found");
            shop.patch(format!("/users/{}", operator.id)).json(&json!({ "role": "viewer" })).await.ok(200);
            operator.get("/orders").await.problem(401, "token_revoked");
            admin.delete(format!("/sessions/{}", admin.session)).await.ok(204);
            admin.get("/orders").await.problem(401, "token_revoked");
        })
        .await;
    // What the stream tells afterwards is old news.
    shop.paid(1, "EUR").await;
    assert_eq!(shop.get(&open).await.ok(200)["status"], "cancelled");
    assert_eq!(shop.get(&paid).await.ok(200)["status"], "fulfilled");
    viewer.get("/orders").await.problem(401, "token_revoked");
}

// I1: the commit is the job. While nobody carries it on a payment waits, and then it settles.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_payment_waits_for_the_outbox_and_is_not_lost() {
    let app = TestApp::start_alone().await;
    let shop = app.sign_up().await;
    let order = shop.order(100, "EUR").await;
    let payment = app
        .aws()
        .while_paused("outbox-publish", async {
            let mut body = payment_of(100, "EUR", "tok_success");
            body["order_id"] = order["id"].clone();
            let payment = shop.pay(&body).await.ok(202);
            assert_eq!(shop.events_of(&payment).await.len(), 1, "the event is there with the payment");
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            assert_eq!(shop.payment(&payment).await["status"], "processing");
            payment
        })
        .await;
    shop.payment_in("succeeded", &payment).await;
    shop.order_in("paid", &order).await;
    app.aws().provider().await.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (100, 0));
}
