//! Access tokens: only what the service has signed, for itself, now. The forged ones are signed with the service's own key,
//! which only these tests may, so that each is refused for its own fault and not for its signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac_sha256::HMAC;
use serde_json::{Value, json};

use crate::support::{Aws, Shop, TestApp};

/// What a token says, unverified.
pub fn payload_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
}

fn encode(value: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(value)
}

/// `value` with the members of `change` put over it; `null` takes a member away.
fn with(value: &Value, change: Value) -> Value {
    let mut value = value.clone();
    let members = value.as_object_mut().expect("an object");
    for (name, member) in change.as_object().expect("an object") {
        match member {
            Value::Null => drop(members.remove(name)),
            member => drop(members.insert(name.clone(), member.clone())),
        }
    }
    value
}

/// Signed as the service signs.
async fn signed(aws: &Aws, header: &Value, payload: &Value) -> String {
    let text = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
    let signature = aws.sign(&text).await;
    format!("{text}.{}", encode(fixed_length(&signature)))
}

/// As another token, issued so long before now.
pub async fn token_issued(app: &TestApp, token: &str, before: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let issued_at = now - before.as_secs();
    let payload = payload_of(token);
    let lifetime = payload["exp"].as_u64().expect("seconds") - payload["iat"].as_u64().expect("seconds");
    let times = json!({ "iat": issued_at, "nbf": issued_at, "exp": issued_at + lifetime });
    signed(&app.aws(), &part(token, 0), &with(&payload, times)).await
}

/// A signature in ASN.1 (RFC 3279, section 2.2.3) as the 64 bytes that a JWS has: each integer without its sign byte and
/// with its leading zeros.
fn fixed_length(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut out = Vec::new();
    for _ in 0..2 {
        let (integer, after) = rest[2..].split_at(usize::from(rest[1]));
        let digits = integer.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
        out.extend(vec![0; 32 - digits.len()]);
        out.extend(digits);
        rest = after;
    }
    out
}

async fn assert_refused(app: &TestApp, token: &str, why: &str) {
    let answer = app.anyone.with_token(token).get("/orders").await;
    assert_eq!(answer.status, 401, "{why}: {answer}");
    answer.problem(401, "unauthenticated");
}

async fn begin(app: &TestApp) -> (Shop, Aws, Value, Value) {
    let shop = app.sign_up().await;
    let (header, payload) = (part(shop.token(), 0), payload_of(shop.token()));
    (shop, app.aws(), header, payload)
}

// E1: the claims of RFC 9068.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_a_token_says() {
    let app = TestApp::start().await;
    let (shop, _, header, payload) = begin(&app).await;
    let keys = app.anyone.get("/.well-known/jwks.json").await.ok(200);
    assert_eq!(header, json!({ "alg": "ES256", "typ": "at+jwt", "kid": keys["keys"][0]["kid"] }));
    let subject = (&payload["sub"], &payload["tid"], &payload["sid"], &payload["role"]);
    let expected = (&json!(shop.owner.id), &json!(shop.tenant), &json!(shop.owner.session), &json!("owner"));
    assert_eq!(subject, expected);
    assert_eq!(payload["exp"].as_i64().expect("exp") - payload["iat"].as_i64().expect("iat"), 600);
}

// E1: no token, no bearer, no JWT.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_token_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    app.anyone.get("/orders").await.problem(401, "unauthenticated");
    let good = shop.token();
    for scheme in ["Basic", "Token", ""] {
        let answer = app.anyone.get("/orders").header("authorization", format!("{scheme} {good}").trim()).await;
        answer.problem(401, "unauthenticated");
    }
    let many_parts = format!("{good}.{good}");
    let padded = format!("{good}=");
    let long = format!("{good}{}", "A".repeat(8_192));
    for (token, why) in [
        ("garbage", "not a JWT"),
        ("a.b.c", "not JSON"),
        ("..", "empty parts"),
        (&many_parts, "five parts"),
        (&padded, "padding"),
        (&long, "too long"),
        (&shop.owner.refresh_token, "a refresh token"),
    ] {
        assert_refused(&app, token, why).await;
    }
    app.anyone.get("/orders").header("authorization", &format!("bearer {good}")).await.ok(200);
}

// E1: tampering shows, and the algorithm is not the token's to choose.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn unsigned_and_tampered_tokens_are_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    let parts: Vec<&str> = viewer.token().split('.').collect();
    let (header, payload) = (part(viewer.token(), 0), payload_of(viewer.token()));
    let promoted = encode(with(&payload, json!({ "role": "owner" })).to_string());
    assert_refused(&app, &format!("{}.{promoted}.{}", parts[0], parts[2]), "another role under the old signature")
        .await;

    for algorithm in ["none", "None", "NONE"] {
        let none = encode(with(&header, json!({ "alg": algorithm })).to_string());
        assert_refused(&app, &format!("{none}.{promoted}."), "alg none, no signature").await;
        assert_refused(&app, &format!("{none}.{promoted}.{}", parts[2]), "alg none, some signature").await;
    }
    // The confusion of RFC 8725, section 2.1: the public key taken for a shared secret, in every form it is published in.
    let key = app.anyone.get("/.well-known/jwks.json").await.ok(200)["keys"][0].clone();
    let half = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect("a half")).expect("base64url");
    let point = [vec![4], half("x"), half("y")].concat();
    let prefix = [
        0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
        3, 0x42, 0,
    ];
    let spki = [&prefix[..], &point].concat();
    let base64 = STANDARD.encode(&spki);
    let lines: Vec<&str> = [&base64[..64], &base64[64..]].to_vec();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    for secret in [point, spki, pem.into_bytes(), key.to_string().into_bytes(), Vec::new()] {
        let hs256 = encode(with(&header, json!({ "alg": "HS256" })).to_string());
        let text = format!("{hs256}.{promoted}");
        assert_refused(&app, &format!("{text}.{}", encode(HMAC::mac(&text, &secret))), "HS256 with the public key")
            .await;
    }
    for (index, why) in [(0, "header"), (1, "payload"), (2, "signature")] {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let flipped = if parts[index].as_bytes()[10] == b'A' { "B" } else { "A" };
        parts[index].replace_range(10..11, flipped);
        assert_refused(&app, &parts.join("."), &format!("a changed {why}")).await;
    }
    viewer.get("/orders").await.ok(200);
}

// E1: a header that brings a key along or changes how the rest is read is refused even under a good signature.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn headers_that_bring_a_key_are_refused() {
    let app = TestApp::start().await;
    let (_shop, aws, header, payload) = begin(&app).await;
    let control = signed(&aws, &header, &payload).await;
    app.anyone.with_token(&control).get("/orders").await.ok(200);
    let keys = app.anyone.get("/.well-known/jwks.json").await.ok(200);
    for change in [
        json!({ "typ": "JWT" }),
        json!({ "typ": null }),
        json!({ "kid": "another" }),
        json!({ "kid": null }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "RS256" }),
        json!({ "jku": "https://evil.example/jwks.json" }),
        json!({ "x5u": "https://evil.example/cert.pem" }),
        json!({ "jwk": keys["keys"][0] }),
        json!({ "x5c": ["AAAA"] }),
        json!({ "crit": ["exp"] }),
        json!({ "b64": false }),
    ] {
        let token = signed(&aws, &with(&header, change.clone()), &payload).await;
        assert_refused(&app, &token, &format!("the header with {change}")).await;
    }
}

// E2: whose, for whom, from when until when, and for whom it may act.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn claims_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    let (_shop, aws, header, payload) = begin(&app).await;
    let now = jiff::Timestamp::now().as_second();
    let from = |issued: i64, lifetime: i64| json!({ "iat": issued, "nbf": issued, "exp": issued + lifetime });
    for (change, why) in [
        (json!({ "iss": "https://evil.example" }), "another issuer"),
        (json!({ "iss": null }), "no issuer"),
        (json!({ "aud": "https://evil.example" }), "another audience"),
        (from(now - 700, 600), "expired"),
        (from(now - 60, -1), "expired before it was issued"),
        (from(now + 120, 600), "not valid yet"),
        (json!({ "nbf": now + 120 }), "not before later"),
        (from(now, 3_600), "valid for longer than tokens are"),
        (json!({ "exp": null }), "no end"),
        (json!({ "exp": "never" }), "an end that is no time"),
        (json!({ "role": "king" }), "an unknown role"),
        (json!({ "role": null }), "no right at all"),
        (json!({ "role": null, "scope": "orders:read" }), "a user with a machine's scopes"),
        (json!({ "scope": "orders:read" }), "a role and scopes"),
        (json!({ "tid": "usr_1" }), "no tenant"),
        (json!({ "tid": null }), "no tenant"),
        (json!({ "sid": null }), "a user without a session"),
        (json!({ "sub": "cli_01m7z21wcwfb09peqcqcw21n8d" }), "a machine with a user's role"),
    ] {
        let token = signed(&aws, &header, &with(&payload, change.clone())).await;
        assert_refused(&app, &token, why).await;
    }
    // Clocks differ a little.
    for change in [from(now - 605, 600), from(now + 5, 600)] {
        let token = signed(&aws, &header, &with(&payload, change)).await;
        app.anyone.with_token(&token).get("/orders").await.ok(200);
    }
}

// E9: a machine's token grants its scopes and nothing else.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_machine_has_its_scopes_alone() {
    let app = TestApp::start().await;
    let (shop, aws, header, payload) = begin(&app).await;
    let client = "cli_01m7z21wcwfb09peqcqcw21n8d";
    let machine =
        json!({ "role": null, "sid": null, "sub": client, "client_id": client, "scope": "orders:read payments:write" });
    let token = signed(&aws, &header, &with(&payload, machine)).await;
    let machine = app.anyone.with_token(&token);
    let order = shop.order(100, "EUR").await;
    assert_eq!(machine.all("/orders").await, std::slice::from_ref(&order));
    machine.post("/orders").json(&crate::support::order_of(100, "EUR")).await.problem(403, "forbidden");
    machine.get("/payments").await.problem(403, "forbidden");
    machine.get("/users/me").await.problem(403, "forbidden");
    machine.pay_order(&order, "tok_success").await;
}
