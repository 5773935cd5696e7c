//! What every route does with requests that are no good: a problem that names the fault, and nothing else.

use http_kit::routes::{ALL, methods_of};
use http_kit::{Access, Body, Route};
use serde_json::json;

use crate::support::{Answer, Call, Party, TestApp, new_key, unique};

const NOBODY_S: &str = "01m7z21wcwfb09peqcqcw21n8d";

/// The route's path with an id of the right form that nobody has.
fn path(route: &Route) -> String {
    let id = match route.path.split('/').nth(2).expect("a noun") {
        "users" => "me".to_owned(),
        "sessions" => format!("ses_{NOBODY_S}"),
        "orders" => format!("ord_{NOBODY_S}"),
        "payments" => format!("pay_{NOBODY_S}"),
        "disputes" => format!("dsp_{NOBODY_S}"),
        "statements" => format!("stm_{NOBODY_S}"),
        "events" => format!("evt_{NOBODY_S}"),
        "files" => format!("fil_{NOBODY_S}"),
        "jobs" => format!("job_{NOBODY_S}"),
        "schedules" => format!("sch_{NOBODY_S}"),
        "dead_letters" => format!("dlt_{NOBODY_S}"),
        "webhook_endpoints" => format!("whe_{NOBODY_S}"),
        "wallets" => format!("acc_wallet_{NOBODY_S}_eur"),
        _ => "acc_merchant_eur".to_owned(),
    };
    let path = route.path.trim_start_matches("/v1").replace("{id}", &id).replace("{name}", "sandbox");
    path.replace("{file_id}", &format!("fil_{NOBODY_S}"))
}

/// The route's call without a body.
fn call(party: &Party, route: &Route) -> Call {
    party.call(route.method, path(route)).key(&new_key())
}

/// What providers sign is theirs: the signature is looked at before anything, and their fields are their own.
fn with_body() -> impl Iterator<Item = &'static Route> {
    ALL.iter().filter(|route| route.body != Body::None && route.function != "providers-ingest")
}

// D4: what is not one JSON object is refused before anything is looked at.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn malformed_bodies() {
    let app = TestApp::start().await;
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for route in with_body() {
        // All routes' bodies together are more writes than one caller may make at once.
        let shop = app.another_address().sign_up().await;
        for body in ["{", "{\"a\":1}}", "[]", "null", "\"text\"", "{'a':1}", "{\"a\":1,}", "\u{feff}{}", &deep] {
            call(&shop, route).text("application/json", body).await.problem(400, "malformed_body");
        }
    }
    let shop = app.another_address().sign_up().await;
    for route in with_body().filter(|route| route.body == Body::Json) {
        call(&shop, route).text("application/json", "").await.problem(400, "malformed_body");
    }
}

// D3: a field that no route knows is a mistake to be told of.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn unknown_fields_and_parameters() {
    let app = TestApp::start().await;
    for route in with_body() {
        // All of them together are more than one caller may send.
        let shop = app.another_address().sign_up().await;
        let faults = call(&shop, route).json(&json!({ "surprise": 1 })).await.faults();
        assert!(faults.contains(&"/surprise unknown_field".to_owned()), "{}: {faults:?}", route.function);
    }
    let shop = app.another_address().sign_up().await;
    for route in ALL.iter().filter(|route| route.method == "GET") {
        let faults = shop.get(format!("{}?surprise=1", path(route))).await.faults();
        assert_eq!(faults, ["surprise unknown_parameter"], "{}", route.function);
    }
}

// D4: bodies are JSON and say so; what is accepted must allow JSON.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn media_types() {
    let app = TestApp::start().await;
    for route in with_body() {
        let shop = app.another_address().sign_up().await;
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
        {
            call(&shop, route).text(media_type, "{}").await.problem(415, "unsupported_media_type");
        }
        let answer = call(&shop, route).text("application/json; charset=utf-8", "{}").await;
        assert_ne!(answer.status, 415, "{answer}");
    }
    for route in ALL.iter().filter(|route| !route.is_page) {
        let shop = app.another_address().sign_up().await;
        for accept in ["text/html", "image/png, text/plain;q=0.5"] {
            call(&shop, route).header("accept", accept).await.problem(406, "not_acceptable");
        }
    }
    for accept in
        ["*/*", "application/*", "application/json", "text/html, application/json;q=0.5", "application/problem+json"]
    {
        app.another_address().sign_up().await.get("/orders").header("accept", accept).await.ok(200);
    }
}

// D4: a body has at most 256 KiB; beyond what the gateway takes it answers for itself.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn huge_bodies() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(300_000));
    for route in with_body() {
        call(&shop, route).text("application/json", huge.as_str()).await.problem(413, "body_too_large");
    }
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(250_000));
    shop.post("/orders").text("application/json", fits).await.problem(400, "invalid_fields");
    let beyond = shop.post("/orders").text("application/json", "x".repeat(11 * 1024 * 1024)).await;
    assert_eq!(beyond.status, 413, "{}", beyond.status);
    assert_eq!(beyond.header("content-type"), Some("application/problem+json"));
}

// D4: a path that is there says which methods it takes, with a token or without.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn other_methods_are_not_allowed() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    let mut paths: Vec<&str> = ALL.iter().map(|route| route.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let taken = methods_of(path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| !taken.contains(method)) {
            for party in [&app.anyone, &shop.owner.party] {
                let path = path.trim_start_matches("/v1").replace("{id}", "ord_1");
                let answer = party.call(method, path).await;
                answer.problem(405, "method_not_allowed");
                let mut allowed: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
                allowed.sort_unstable();
                let mut expected = taken.clone();
                expected.sort_unstable();
                assert_eq!(allowed, expected, "{answer}");
            }
        }
    }
}

// D4: what is not there is not there, with a token or without.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn unknown_paths() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    for path in ["", "/", "/order", "/orders/a/b/c", "/orders/ord_1/pay", "/health", "/.well-known"] {
        for party in [&app.anyone, &shop.owner.party] {
            for method in ["GET", "POST", "DELETE"] {
                party.call(method, path).await.problem(404, "not_found");
            }
        }
    }
}

// D5: on answers of success and of refusal, by functions and by the gateway.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn security_headers() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    let by_functions = [
        shop.get("/orders").await,
        shop.get("/orders/ord_1").await,
        shop.post("/orders").json(&json!({})).await,
        shop.get("/nowhere").await,
        shop.delete("/orders").await,
        app.anyone.get("/health/live").await,
    ];
    for answer in &by_functions {
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}: {answer}");
        }
        for name in ["server", "x-powered-by"] {
            assert_eq!(answer.header(name), None, "{answer}");
        }
    }
    // `problem` looks for what the gateway's own answers must have.
    app.anyone.get("/orders").await.problem(401, "unauthenticated");
}

// D8: a client's own id comes back where it is a proper one; else the service gives one.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn request_ids() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    let echoed = |answer: &Answer| answer.header("x-request-id").expect("X-Request-Id").to_owned();
    let own = format!("Cart_7.{}", unique());
    for path in ["/orders", "/orders/ord_1", "/nowhere", "/health/live"] {
        let answer = shop.get(path).header("x-request-id", &own).await;
        assert_eq!(echoed(&answer), own, "{answer}");
        if answer.status >= 400 {
            assert_eq!(answer.json()["request_id"], own.as_str());
        }
    }
    for improper in ["", "two words", "a/b", "<script>", "a\tb", &"x".repeat(129)] {
        let answer = shop.get("/orders").header("x-request-id", improper).await;
        let given = echoed(&answer);
        assert!(given != improper && !given.is_empty(), "{answer}");
    }
    assert_ne!(echoed(&shop.get("/orders").await), echoed(&shop.get("/orders").await));
}

// D7: nothing of what is inside is in a refusal.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn refusals_show_no_internals() {
    let app = TestApp::start().await;
    let shop = app.another_address().sign_up().await;
    let mut answers = Vec::new();
    for route in ALL.iter().filter(|route| matches!(route.access, Access::Granted(_))) {
        answers.push(call(&shop, route).text("application/json", "{\"id\":{\"$gt\":\"\"}}").await);
    }
    for answer in answers {
        assert!(answer.status < 500, "{answer}");
        let text = answer.text.to_lowercase();
        for word in ["dynamodb", "panicked", "src/", ".rs:", "arn:", "stack backtrace", "redis", "serde"] {
            assert!(!text.contains(word), "{word}: {answer}");
        }
    }
}
