//! Rate limits: one budget a caller, whichever instance answers, reads and writes apart.

use std::time::Instant;

use serde_json::json;

use crate::support::{Answer, TestApp, send_all};

const WRITES_BURST: usize = 100;
const WRITES_PER_SECOND: f64 = 10.0;

/// `r` of `RateLimit: "read";r=199;t=1`.
fn remaining(answer: &Answer) -> u64 {
    let field = answer.header("ratelimit").unwrap_or_else(|| panic!("no RateLimit: {answer}"));
    let remaining = field.split(';').find_map(|part| part.strip_prefix("r="));
    remaining.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no remaining calls: {answer}"))
}

// G1, G2: every answer to a caller says what is left, and it gets less.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_left_is_told_and_gets_less() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let reads = shop.get("/orders").await;
    assert_eq!(reads.header("ratelimit-policy"), Some("\"read\";q=1000;w=60;burst=200"));
    let writes = shop.post("/orders").json(&json!({})).await;
    assert_eq!(writes.header("ratelimit-policy"), Some("\"write\";q=600;w=60;burst=100"));
    assert!(remaining(&writes) >= 98, "a refused call counts too, and reads do not count as writes: {writes}");

    let first = remaining(&shop.get("/orders").await);
    let answers = send_all((0..30).map(|_| shop.get("/orders/ord_1")), 15).await;
    let least = answers.iter().map(remaining).min().expect("answers");
    assert!(least < first, "{first} left, and after thirty more calls still {least}");
}

// G1, G2: a burst, then as many as the rate allows, counted over all instances; then 429 with when and how much. Others and
// the caller's reads go on.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_caller_that_writes_too_much_is_told_to_wait() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (busy, other) = (shop.add("operator").await, shop.add("operator").await);
    let started = Instant::now();
    let answers = send_all((0..180).map(|_| busy.post("/orders").json(&json!({}))), 20).await;
    let seconds = started.elapsed().as_secs_f64();
    let (allowed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 400);
    let most = WRITES_BURST as f64 + WRITES_PER_SECOND * seconds + 1.0;
    assert!(allowed.len() >= WRITES_BURST, "only {} were allowed", allowed.len());
    assert!(allowed.len() as f64 <= most, "{} were allowed within {seconds:.1} s", allowed.len());
    for answer in &refused {
        answer.problem(429, "rate_limited");
        assert!(answer.retry_after() <= 10, "{answer}");
        assert_eq!(remaining(answer), 0, "{answer}");
        assert!(answer.header("ratelimit-policy").is_some(), "{answer}");
    }
    assert!(!refused.is_empty(), "180 writes took {seconds:.1} s: too slow a machine to use the limit up");

    busy.get("/orders").await.ok(200);
    other.post("/orders").json(&json!({})).await.problem(400, "invalid_fields");
    let wait = refused.last().map_or(1, |answer| answer.retry_after());
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    busy.post("/orders").json(&json!({})).await.problem(400, "invalid_fields");
}
