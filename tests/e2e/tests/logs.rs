//! What the functions log: enough to follow a request, and nothing that should not be there.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, eventually, metadata_of, new_key, order_of, payment_of, unique};

const FUNCTIONS: [&str; 12] = [
    "tokens-authorize",
    "tenants-create",
    "sessions-create",
    "sessions-refresh",
    "users-create",
    "orders-create",
    "orders-get",
    "payments-create",
    "payments-process",
    "outbox-publish",
    "cache-refresh",
    "sandbox-provider",
];

// M1, M2, B17, E16: one line a call with tenant, request and metrics; no password, token, address, name or card in any.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_call_is_one_line_without_secrets() {
    let app = TestApp::start().await;
    let (aws, since) = (app.aws(), jiff::Timestamp::now().as_millisecond() - 1_000);
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    let (request, name) = (format!("log-{}", unique()), format!("Nora {}", unique()));
    let mut order = metadata_of(order_of(500, "EUR"), "note", &format!("private {}", unique()));
    order["customer"] = json!({ "email": crate::support::unique_email(), "name": name });
    let made = shop.post("/orders").json(&order).await.ok(201);
    shop.get(format!("/orders/{}", made["id"].as_str().expect("an id"))).await.ok(200);
    let card = format!("tok_card_{}", unique());
    let payment = payment_of(500, "EUR", &card);
    let taken = shop.post("/payments").key(&new_key()).header("x-request-id", &request).json(&payment).await.ok(202);
    shop.payment_in("failed", &taken).await;
    let mut number = payment_of(500, "EUR", "tok_success");
    number["description"] = "4242424242424242".into();
    shop.pay(&number).await.problem(400, "invalid_fields");
    let session = app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": shop.owner.refresh_token }));
    let session = session.await.ok(200);

    let line = eventually("the line of the call", SOON, async || {
        let lines = aws.logs("payments-create", since).await;
        let line = lines.iter().find(|line| line.contains(&request));
        line.map(|line| line.trim().to_owned()).ok_or_else(|| format!("{} other lines", lines.len()))
    })
    .await;
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    assert_eq!((&line["request_id"], &line["tenant"]), (&json!(request), &json!(shop.tenant)));
    assert_eq!((&line["route"], &line["status"]), (&json!("POST /v1/payments"), &json!(202)));
    assert!(line["cold_start"].is_boolean() && line["Latency"].is_number(), "{line}");
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics (EMF)");
    assert!(metrics.iter().any(|metric| metric["Name"] == "Latency"), "{line}");

    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let private = [
        shop.owner.password.clone(),
        shop.owner.email.clone(),
        viewer.password.clone(),
        viewer.email.clone(),
        shop.token().to_owned(),
        shop.owner.refresh_token.clone(),
        text(&session["access_token"]),
        text(&session["refresh_token"]),
        text(&order["customer"]["email"]),
        name,
        text(&order["metadata"]["note"]),
        card,
        "4242424242424242".to_owned(),
    ];
    for function in FUNCTIONS {
        let lines = aws.logs(function, since).await;
        assert!(!lines.is_empty(), "{function} has logged nothing");
        for line in &lines {
            let told = private.iter().find(|secret| line.contains(secret.as_str()));
            assert_eq!(told, None, "{function} logs what it should not: {line}");
        }
    }
}

// H5, M2: whether the cache had it is counted, call by call.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn hits_and_misses_are_counted() {
    let app = TestApp::start().await;
    let (aws, redis, since) = (app.aws(), app.redis(), jiff::Timestamp::now().as_millisecond() - 1_000);
    let shop = app.sign_up().await;
    let (_, payment) = shop.paid_order(100).await;
    let id = payment["id"].as_str().expect("an id");
    // The stream's consumer has put the payment there, or is about to; what it brings later is old news.
    eventually("an entry of the payment as it is", SOON, async || {
        let entries: Vec<String> = redis.names_with(id).iter().filter_map(|name| redis.value(name)).collect();
        if entries.iter().any(|entry| entry.contains("\"succeeded\"")) { Ok(()) } else { Err(format!("{entries:?}")) }
    })
    .await;
    redis.names_with(id).iter().for_each(|name| redis.remove(name));
    for (expected, other) in [("CacheMisses", "CacheHits"), ("CacheHits", "CacheMisses")] {
        let request = format!("log-{}", unique());
        shop.get(format!("/payments/{id}")).header("x-request-id", &request).await.ok(200);
        let line = eventually("the line of the call", SOON, async || {
            let lines = aws.logs("payments-get", since).await;
            let line = lines.iter().find(|line| line.contains(&request));
            line.map(|line| line.trim().to_owned()).ok_or_else(|| format!("{} other lines", lines.len()))
        })
        .await;
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert_eq!((&line[expected], &line[other]), (&json!(1), &json!(0)), "{line}");
    }
}
