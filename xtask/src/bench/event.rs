//! The events of the benchmark: the samples of `events/`, with what a gateway adds to a real call and with callers that take
//! turns, so that no rate limit is met.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::time::SystemTime;

/// Below every burst.
const CALLS_OF_ONE_CALLER: usize = 50;
const PAYMENT: &str = r#"{"amount":1999,"currency":"EUR","method":{"type":"card","token":"tok_success"},"capture":"automatic","description":"Cart 4711","metadata":{"cart":"4711","shop":"berlin"}}"#;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

pub struct Event {
    pub request_id: String,
    pub body: String,
}

/// Makes the calls of one tenant's users.
pub struct Callers {
    create: Value,
    get: Value,
    tenant: String,
    calls: usize,
    user: Value,
}

impl Callers {
    pub fn new(root: &Path) -> Result<Self> {
        Ok(Self {
            create: sample(root, "payments-create")?,
            get: sample(root, "payments-get")?,
            tenant: id("ten")?,
            calls: 0,
            user: Value::Null,
        })
    }

    pub fn create(&mut self) -> Result<Event> {
        let mut event = self.create.clone();
        header(&mut event, "Idempotency-Key", &id("key")?);
        event["body"] = PAYMENT.into();
        self.called(event)
    }

    pub fn get(&mut self, payment: &str) -> Result<Event> {
        let mut event = self.get.clone();
        event["pathParameters"]["id"] = payment.into();
        event["path"] = format!("/v1/payments/{payment}").into();
        event["requestContext"]["path"] = format!("/api/v1/payments/{payment}").into();
        self.called(event)
    }

    fn called(&mut self, mut event: Value) -> Result<Event> {
        if self.calls.is_multiple_of(CALLS_OF_ONE_CALLER) {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
            self.user = json!({
                "tenant": self.tenant,
                "subject": id("usr")?,
                "session": id("ses")?,
                "role": "owner",
                "issued_at": now.to_string(),
                "principalId": "bench",
                "integrationLatency": 0,
            });
        }
        self.calls += 1;
        let request_id = id("req")?;
        header(&mut event, "X-Request-Id", &request_id);
        event["requestContext"]["requestId"] = request_id.as_str().into();
        event["requestContext"]["authorizer"] = self.user.clone();
        Ok(Event { request_id, body: event.to_string() })
    }
}

/// The sample, as long as the gateway's own events are.
fn sample(root: &Path, name: &str) -> Result<Value> {
    let path = root.join("events").join(format!("{name}.json"));
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut event: Value = serde_json::from_slice(&text)?;
    let token = format!("Bearer {}", "x".repeat(700));
    for (name, value) in [
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Authorization", &token),
        ("Host", "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"),
        ("User-Agent", "shop-backend/3.1 (linux; x86_64)"),
        ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ] {
        header(&mut event, name, value);
    }
    let context = &mut event["requestContext"];
    for (name, value) in [
        ("accountId", "000000000000"),
        ("apiId", "a1b2c3d4e5"),
        ("domainName", "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"),
        ("domainPrefix", "a1b2c3d4e5"),
        ("extendedRequestId", "abcdefghijklmno="),
        ("protocol", "HTTP/1.1"),
        ("requestTime", "21/Nov/2026:12:00:00 +0000"),
        ("resourceId", "x1y2z3"),
    ] {
        context[name] = value.into();
    }
    context["requestTimeEpoch"] = 1_795_262_400_000_u64.into();
    context["identity"]["userAgent"] = "shop-backend/3.1 (linux; x86_64)".into();
    Ok(event)
}

/// Both of the event's maps have every header.
fn header(event: &mut Value, name: &str, value: &str) {
    event["headers"][name] = value.into();
    event["multiValueHeaders"][name] = json!([value]);
}

/// Of the form that the functions' ids have.
pub fn id(prefix: &str) -> Result<String> {
    let mut random = [0_u8; 25];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let digits: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(format!("{prefix}_0{digits}"))
}
