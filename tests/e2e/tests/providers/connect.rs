//! PUT /providers/{name}: a tenant's own Stripe account, from its keys to a dispute. Stripe is a double.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    SOON, Shop, TestApp, WEBHOOK_SECRET, event_signature, eventually, id, new_key, payment_of, stripe, stripe_account,
    until_it_counts,
};

/// The sweeper asks after a payment a minute after its last try.
const SWEPT_WITHIN: Duration = Duration::from_secs(120);

/// A tenant whose payments go by an account of its own, and the account's key.
async fn with_stripe(app: &TestApp) -> (Shop, String) {
    let shop = app.sign_up().await;
    let (body, key) = stripe_account("first");
    let connected = shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    until_it_counts(&connected).await;
    (shop, key)
}

/// The double's intent of a payment.
fn intent(payment: &Value) -> Value {
    let books = stripe().books();
    let of_payment = |intent: &&Value| intent["metadata"]["payment"] == payment["id"];
    books.intents.values().find(of_payment).unwrap_or_else(|| panic!("no intent of {payment}")).clone()
}

async fn tell(app: &TestApp, shop: &Shop, event: &Value) {
    let body = event.to_string();
    let signature = event_signature(WEBHOOK_SECRET, jiff::Timestamp::now().as_second(), &body);
    let path = format!("/providers/stripe/events?tenant={}", shop.tenant);
    let call = app.anyone.post(path).header("stripe-signature", &signature);
    assert_eq!(call.text("application/json", &body).await.ok(200), json!({ "received": true }));
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_go_by_the_tenant_s_own_account() {
    let app = TestApp::start().await;
    let since = jiff::Timestamp::now().as_millisecond() - 1_000;
    let (shop, key) = with_stripe(&app).await;
    let payment = shop.paid(1_250, "EUR").await;
    let charged = intent(&payment);
    assert_eq!((&charged["amount"], &charged["status"]), (&json!(1_250), &json!("succeeded")));
    assert_eq!(charged["metadata"]["tenant"], shop.tenant);
    assert!(app.aws().provider().await.charge(&payment, 1).await.is_none(), "the sandbox has no part in it");
    {
        let books = stripe().books();
        let request = books.requests.iter().find(|request| request.contains(id(&payment))).expect("a request");
        assert!(request.contains(&format!("authorization: Bearer {key}")), "{request}");
        assert!(request.contains(&format!("idempotency-key: {}-1", id(&payment))), "{request}");
    }

    let refunds = format!("/payments/{}/refunds", id(&payment));
    let refund = shop.post(&refunds).key(&new_key()).json(&json!({ "amount": 250 })).await.ok(202);
    eventually("the refund", SOON, async || {
        let shown = shop.get(&refunds).await.ok(200)["data"][0].clone();
        if shown["status"] == "succeeded" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    let by_key = |refund_id: &str| {
        let books = stripe().books();
        books.refunds.iter().filter(|refund| refund["metadata"]["key"] == format!("{refund_id}-1")).count()
    };
    assert_eq!(by_key(id(&refund)), 1);
    assert_eq!(shop.balance("acc_merchant_eur").await, (1_000, 0));

    let declined = shop.pay(&payment_of(300, "EUR", "tok_declined_expired_card")).await.ok(202);
    let declined = shop.payment_in("failed", &declined).await;
    assert_eq!(declined["failure"]["code"], "expired_card");

    for function in ["providers-connect", "payments-process", "refunds-process"] {
        let lines = app.aws().logs(function, since).await;
        assert!(!lines.is_empty(), "{function} has logged nothing");
        let told = lines.iter().find(|line| line.contains(&key) || line.contains(WEBHOOK_SECRET));
        assert_eq!(told, None, "{function} logs a key");
    }
}

// L1, B3: by hand, confirmed by the customer, and told by events that the account signs.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_the_account_tells_is_heard() {
    let app = TestApp::start().await;
    let (shop, _) = with_stripe(&app).await;
    let mut by_hand = payment_of(900, "EUR", "tok_success");
    by_hand["capture"] = "manual".into();
    let held = shop.pay(&by_hand).await.ok(202);
    shop.payment_in("requires_capture", &held).await;
    let capture = format!("/payments/{}/capture", id(&held));
    shop.post(&capture).key(&new_key()).json(&json!({ "amount": 30 })).await.ok(202);
    eventually("the refusal of so small a capture", SOON, async || {
        let shown = shop.payment(&held).await;
        let is_held_again = shown["status"] == "requires_capture" && shown["failure"]["code"] == "invalid_amount";
        if is_held_again { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    shop.post(&capture).key(&new_key()).json(&json!({ "amount": 400 })).await.ok(202);
    assert_eq!(shop.payment_in("succeeded", &held).await["amount_captured"], 400);

    let waiting = shop.pay(&payment_of(500, "EUR", "tok_requires_action")).await.ok(202);
    shop.payment_in("requires_action", &waiting).await;
    let confirmed = {
        let mut intent = intent(&waiting);
        intent["status"] = "succeeded".into();
        intent["amount_received"] = 500.into();
        stripe().books().intents.insert(intent["id"].as_str().expect("an id").to_owned(), intent.clone());
        intent
    };
    let event = json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": confirmed } });
    tell(&app, &shop, &event).await;
    shop.payment_in("succeeded", &waiting).await;

    let disputed = shop.pay(&payment_of(700, "EUR", "tok_dispute")).await.ok(202);
    shop.payment_in("succeeded", &disputed).await;
    let dispute = {
        let intent = intent(&disputed)["id"].clone();
        let books = stripe().books();
        books.disputes.values().find(|dispute| dispute["payment_intent"] == intent).expect("a dispute").clone()
    };
    let event = json!({ "id": "evt_2", "type": "charge.dispute.created", "data": { "object": dispute } });
    tell(&app, &shop, &event).await;
    let shown = eventually("the dispute", SOON, async || {
        let disputes = shop.all("/disputes").await;
        disputes.into_iter().next().ok_or_else(|| "no dispute yet".to_owned())
    })
    .await;
    assert_eq!((&shown["amount"], &shown["payment_id"]), (&json!(700), &disputed["id"]));
    assert_eq!(shop.balance("acc_disputes_eur").await, (700, 0));

    let answer = format!("/disputes/{}/answer", id(&shown));
    shop.post(&answer).key(&new_key()).json(&json!({ "evidence": "refused_evidence" })).await.ok(202);
    eventually("the refusal of the answer", SOON, async || {
        let events = shop.all("/events").await;
        let is_told = events.iter().any(|event| event["type"] == "dispute.updated");
        if is_told { Ok(()) } else { Err("not told of".to_owned()) }
    })
    .await;
    shop.post(&answer).key(&new_key()).json(&json!({ "evidence": "winning_evidence" })).await.ok(202);
    eventually("the dispute's end", SOON, async || {
        let shown = shop.get(format!("/disputes/{}", id(&shown))).await.ok(200);
        if shown["status"] == "won" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
}

// B9: nothing was sent to the first, so the second takes the payment over, and keeps it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn b9_a_second_provider_takes_over_when_the_first_cannot_be_reached() {
    let app = TestApp::start().await;
    let (shop, _) = with_stripe(&app).await;
    let second = shop.call("PUT", "/providers/sandbox").json(&json!({ "rank": "second" })).await.ok(200);
    until_it_counts(&second).await;
    let by_first = shop.paid(400, "EUR").await;
    drop(app);

    let app = TestApp::start_alone().await;
    stripe().close();
    let payment = shop.pay(&payment_of(600, "EUR", "tok_success")).await.ok(202);
    let paid = shop.payment_in("succeeded", &payment).await;
    let (body, _) = stripe_account("first");
    let other = app.sign_up().await;
    other.call("PUT", "/providers/stripe").json(&body).await.problem(503, "unavailable");
    stripe().open_again();

    let sandbox = app.aws().provider().await;
    let taken = sandbox.charge(&paid, 2).await.expect("a charge by the second try");
    assert_eq!((&taken["status"], &taken["amount"]), (&json!("succeeded"), &json!(600)));
    assert!(sandbox.charge(&paid, 1).await.is_none() && sandbox.charge(&by_first, 1).await.is_none());
    {
        let books = stripe().books();
        let intents = books.intents.values().filter(|intent| intent["metadata"]["tenant"] == shop.tenant);
        assert_eq!(intents.count(), 1, "the payment before, and not this one");
    }
    shop.post(format!("/payments/{}/refunds", id(&paid))).key(&new_key()).json(&json!({})).await.ok(202);
    shop.payment_in("refunded", &paid).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (400, 0));
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn payments_wait_for_another_key_when_theirs_is_revoked() {
    let app = TestApp::start().await;
    let (shop, key) = with_stripe(&app).await;
    stripe().books().revoked.insert(key.clone());
    let payment = shop.pay(&payment_of(450, "EUR", "tok_success")).await.ok(202);
    let shown = eventually("a refused key", SOON, async || {
        let shown = shop.get("/providers/stripe").await.ok(200);
        if shown["key_refused_at"].is_string() { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await;
    assert!(!shown.to_string().contains(&key), "{shown}");
    let mut told = shop.all("/events").await;
    told.retain(|event| event["type"] == "provider.key_refused");
    assert_eq!((told.len(), &told[0]["data"]["object"]["name"]), (1, &json!("stripe")), "{told:?}");
    assert_eq!(shop.payment(&payment).await["status"], "processing");

    let next_key = key.replace("_0001", "_0002");
    let body = json!({ "rank": "first", "api_key": next_key, "webhook_secret": WEBHOOK_SECRET });
    let renewed = shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    assert_eq!(renewed["key_refused_at"], Value::Null);
    let aws = app.aws();
    eventually("the payment by the next key", SWEPT_WITHIN, async || {
        aws.sweep().await?;
        let shown = shop.payment(&payment).await;
        if shown["status"] == "succeeded" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    assert_eq!(intent(&payment)["amount"], 450);
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn keys_are_tried_before_they_are_kept_and_never_told() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (mut body, key) = stripe_account("first");
    let refused = json!({ "rank": "first", "api_key": "sk_live_nobodys0001", "webhook_secret": WEBHOOK_SECRET });
    let problem = shop.call("PUT", "/providers/stripe").json(&refused).await.problem(400, "invalid_fields");
    assert_eq!(problem["errors"][0]["code"], "refused_by_provider");
    assert_eq!(shop.all("/providers").await, Vec::<Value>::new());
    let connected = shop.call("PUT", "/providers/stripe").json(&body).await.ok(200);
    for told in [&connected, &shop.get("/providers/stripe").await.ok(200), &shop.get("/providers").await.ok(200)] {
        let text = told.to_string();
        assert!(!text.contains(&key) && !text.contains(WEBHOOK_SECRET), "{text}");
    }
    body["api_key"] = stripe_account("first").1.into();
    shop.call("PUT", "/providers/stripe").json(&body).await.problem(409, "provider_account_differs");
    let viewer = shop.add("operator").await;
    viewer.call("PUT", "/providers/stripe").json(&body).await.problem(403, "forbidden");
    let admin = shop.add("admin").await;
    admin.delete(format!("/sessions/{}", admin.session)).await.ok(204);
    admin.call("PUT", "/providers/stripe").json(&body).await.problem(401, "token_revoked");
}
