//! POST /providers/{name}/events: what the sandbox provider tells of its own accord.

use serde_json::{Value, json};

use crate::support::{Answer, Shop, TestApp, event_signature, payment_of};

fn event(shop: &Shop, payment: &Value, id: &str) -> Value {
    let key = format!("{}-1", payment["id"].as_str().expect("an id"));
    let data = json!({ "idempotency_key": key, "client_reference": shop.tenant });
    json!({ "id": id, "type": "charge.updated", "data": data })
}

async fn tell(app: &TestApp, event: &Value, age_seconds: i64) -> Answer {
    let secret = app.aws().provider_secret().await;
    let now = jiff::Timestamp::now().as_second();
    let header = event_signature(&secret, now - age_seconds, &event.to_string());
    app.anyone.post("/providers/sandbox/events").header("sandbox-signature", &header).json(event).await
}

// L1, B11: the customer has confirmed; the provider tells, and nobody waits for a sweep.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_customer_s_word_settles_the_payment_at_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.pay(&payment_of(800, "EUR", "tok_requires_action")).await.ok(202);
    shop.payment_in("requires_action", &payment).await;
    app.aws().provider().await.authenticate(&payment).await;
    shop.payment_in("succeeded", &payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (800, 0));
}

// L1: taken in once, however often it is told; what it says of a payment that is settled changes nothing.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_event_is_taken_in_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(500, "EUR").await;
    let event = event(&shop, &payment, "evt_told_thrice");
    for _ in 0..3 {
        assert_eq!(tell(&app, &event, 0).await.ok(200), json!({ "received": true }));
    }
    let received =
        |events: Vec<Value>| events.iter().filter(|event| event["type"] == "provider.event_received").count();
    assert_eq!(received(shop.all("/events").await), 1);
    assert_eq!(shop.payment(&payment).await, payment);
    assert_eq!(shop.balance("acc_merchant_eur").await, (500, 0));
}

// L1: the signature is over the raw bytes, and good for five minutes.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_not_the_provider_s_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(500, "EUR").await;
    let event = event(&shop, &payment, "evt_of_nobody");
    for age_seconds in [400, -400] {
        tell(&app, &event, age_seconds).await.problem(400, "invalid_signature");
    }
    let post = |header: &str, body: &str| {
        let call = app.anyone.post("/providers/sandbox/events").header("sandbox-signature", header);
        call.text("application/json", body)
    };
    let now = jiff::Timestamp::now().as_second();
    let forged = event_signature("guessed", now, &event.to_string());
    post(&forged, &event.to_string()).await.problem(400, "invalid_signature");
    let secret = app.aws().provider_secret().await;
    let other_bytes = format!("{event} ");
    post(&event_signature(&secret, now, &event.to_string()), &other_bytes).await.problem(400, "invalid_signature");
    post(&event_signature(&secret, now, &other_bytes), &other_bytes).await.ok(200);
    app.anyone.post("/providers/nobody/events").json(&event).await.problem(404, "not_found");
}
