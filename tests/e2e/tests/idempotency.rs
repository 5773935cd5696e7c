//! `Idempotency-Key`: one effect a key, and the first answer again.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, Shop, TestApp, metadata_of, new_key, order_of, payment_of};

fn assert_replayed(again: &Answer, first: &Answer) {
    assert_eq!((again.status, &again.text), (first.status, &first.text), "{again}");
    assert_eq!(again.header("location"), first.header("location"), "{again}");
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{again}");
    assert_eq!(first.header("idempotent-replayed"), None, "{first}");
}

async fn count(shop: &Shop, path: &str) -> usize {
    shop.all(path).await.len()
}

// A1: the first answer again, byte for byte, even after the payment has moved on and however the JSON is spaced.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_same_request_gets_the_same_bytes() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (key, body) = (new_key(), payment_of(500, "EUR", "tok_success"));
    let first = shop.post("/payments").key(&key).json(&body).await;
    let payment = first.ok(202);
    assert_replayed(&shop.post("/payments").key(&key).json(&body).await, &first);
    shop.payment_in("succeeded", &payment).await;
    assert_replayed(&shop.post("/payments").key(&key).json(&body).await, &first);
    let spaced = serde_json::to_string_pretty(&body).expect("JSON");
    assert_replayed(&shop.post("/payments").key(&key).text("application/json", spaced).await, &first);
    assert_eq!(count(&shop, "/payments").await, 1);
    assert_eq!(shop.balance("acc_merchant_eur").await, (500, 0));
}

// A1 on the other routes that take a key: the answer is given again although the state would refuse the request by now.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn every_route_with_a_key_replays() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (paid, payment) = shop.paid_order(700).await;
    let open = shop.order(300, "EUR").await;
    let user =
        json!({ "email": "same@key.example", "name": "Kim", "role": "viewer", "password": crate::support::password() });
    let path = |noun: &str, of: &serde_json::Value, verb: &str| {
        format!("/{noun}/{}/{verb}", of["id"].as_str().expect("an id"))
    };
    for (path, body) in [
        ("/orders".to_owned(), order_of(900, "EUR")),
        ("/users".to_owned(), user),
        (path("orders", &open, "cancel"), json!({})),
        (path("orders", &paid, "fulfil"), json!({})),
        (path("payments", &payment, "refunds"), json!({})),
    ] {
        let key = new_key();
        let first = shop.post(&path).key(&key).json(&body).await;
        assert!(first.status < 300, "{first}");
        assert_replayed(&shop.post(&path).key(&key).json(&body).await, &first);
    }
    assert_eq!(count(&shop, "/orders").await, 3);
    assert_eq!(shop.settled_refunds(&payment).await.len(), 1);
}

// A2: a key belongs to its request.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn another_body_under_the_same_key_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (key, body) = (new_key(), payment_of(500, "EUR", "tok_success"));
    let first = shop.post("/payments").key(&key).json(&body).await;
    first.ok(202);
    for other in [
        payment_of(501, "EUR", "tok_success"),
        payment_of(500, "EUR", "tok_flaky"),
        metadata_of(body.clone(), "a", "b"),
    ] {
        shop.post("/payments").key(&key).json(&other).await.problem(422, "idempotency_key_reused");
    }
    assert_eq!(count(&shop, "/payments").await, 1);
    assert_replayed(&shop.post("/payments").key(&key).json(&body).await, &first);
}

// A1, A3: twenty at once make one payment; each hears of it, or is told to come again.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn twenty_parallel_requests_make_one_payment() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (key, body) = (new_key(), payment_of(500, "EUR", "tok_success"));
    let answers = join_all((0..20).map(async |_| shop.post("/payments").key(&key).json(&body).await)).await;
    let (taken, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
    let first = taken.first().expect("one of them was taken");
    for answer in &taken {
        assert_eq!((&answer.text, answer.header("location")), (&first.text, first.header("location")), "{answer}");
    }
    assert_eq!(
        taken.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(),
        1,
        "one is the first"
    );
    for answer in &busy {
        answer.problem(409, "request_in_progress");
        answer.retry_after();
    }
    assert_eq!(count(&shop, "/payments").await, 1);
    shop.payment_in("succeeded", &first.json()).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (500, 0));
}

// A4: what moves money asks for a key, by its name.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn moving_money_without_a_key_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let payment = shop.paid(500, "EUR").await;
    let refunds = format!("/payments/{}/refunds", payment["id"].as_str().expect("an id"));
    for (path, body) in [("/payments".to_owned(), payment_of(500, "EUR", "tok_success")), (refunds, json!({}))] {
        let problem = shop.post(path).json(&body).await.problem(400, "idempotency_key_required");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("Idempotency-Key")), "{problem}");
    }
    assert_eq!(count(&shop, "/payments").await, 1);
    assert_eq!(shop.settled_refunds(&payment).await.len(), 0);
}

// A5: a key is its tenant's and its route's.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_key_is_the_tenant_s_and_the_route_s() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let (key, body) = (new_key(), payment_of(500, "EUR", "tok_success"));
    let ours = shop.post("/payments").key(&key).json(&body).await.ok(202);
    let theirs = other.post("/payments").key(&key).json(&body).await.ok(202);
    assert_ne!(ours["id"], theirs["id"]);
    shop.post("/orders").key(&key).json(&order_of(500, "EUR")).await.ok(201);
    let payment = shop.payment_in("succeeded", &ours).await;
    let refunds = format!("/payments/{}/refunds", payment["id"].as_str().expect("an id"));
    shop.post(refunds).key(&key).json(&json!({ "amount": 100 })).await.ok(202);
}

// A5: up to 255 printable characters.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_key_has_1_to_255_characters() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = payment_of(500, "EUR", "tok_success");
    shop.post("/payments").key(&"k".repeat(255)).json(&body).await.ok(202);
    for bad in ["k".repeat(256), String::new(), "tab\tkey".to_owned()] {
        shop.post("/payments").key(&bad).json(&body).await.problem(400, "invalid_idempotency_key");
    }
    assert_eq!(count(&shop, "/payments").await, 1);
}

// A7: a refused request has used no key up.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_corrected_request_may_use_its_key_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    let order = shop.order(500, "EUR").await;
    let (key, good) = (new_key(), payment_of(500, "EUR", "tok_success"));
    let mut elsewhere = payment_of(500, "USD", "tok_success");
    elsewhere["order_id"] = order["id"].clone();
    shop.post("/payments").key(&key).json(&payment_of(-500, "EUR", "tok_success")).await.problem(400, "invalid_fields");
    app.anyone.post("/payments").key(&key).json(&good).await.problem(401, "unauthenticated");
    viewer.post("/payments").key(&key).json(&good).await.problem(403, "forbidden");
    shop.post("/payments").key(&key).json(&elsewhere).await.problem(422, "currency_mismatch");
    let taken = shop.post("/payments").key(&key).json(&good).await;
    taken.ok(202);
    assert_eq!(taken.header("idempotent-replayed"), None, "{taken}");
}
