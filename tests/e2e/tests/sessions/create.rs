//! POST /sessions: logging in, and how often one may try.

use serde_json::{Value, json};

use crate::support::{Answer, Call, Party, TestApp, password, send_all, unique_email};

fn attempt(party: &Party, email: &str) -> Call {
    party.post("/sessions").json(&json!({ "email": email, "password": "not-the-password" }))
}

/// A problem without what is different in every answer.
fn shape(answer: &Answer) -> Value {
    let mut body = answer.problem(401, "bad_credentials");
    body["request_id"] = Value::Null;
    body
}

// RFC 6749, section 5.1, and the session's id.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn logging_in_gives_tokens() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let answer = app.log_in(&shop.owner.email.to_uppercase(), &shop.owner.password).await;
    let session = answer.ok(201);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert!(session["session_id"].as_str().is_some_and(|id| id.starts_with("ses_")), "{session}");
    assert!(session["refresh_token"].is_string(), "{session}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let again = app.anyone.with_token(session["access_token"].as_str().expect("a token"));
    assert_eq!(again.get("/users/me").await.ok(200)["id"], shop.owner.id.as_str());
}

// E12: whether the address or the password was wrong is not told.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_unknown_user_and_a_wrong_password_look_the_same() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let wrong = attempt(&app.anyone, &shop.owner.email).await;
    let unknown = attempt(&app.anyone, &unique_email()).await;
    assert_eq!(shape(&wrong), shape(&unknown));
    let names = |answer: &Answer| answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&wrong), names(&unknown));
    let elsewhere = json!({ "email": shop.owner.email, "password": shop.owner.password, "tenant_id": other.tenant });
    assert_eq!(shape(&app.anyone.post("/sessions").json(&elsewhere).await), shape(&unknown));
}

// One address and one password in two tenants: the log-in has to say which.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_address_of_two_tenants_needs_the_tenant() {
    let app = TestApp::start().await;
    let (first, second) = (app.sign_up().await, app.sign_up().await);
    let (email, password) = (unique_email(), password());
    let user = json!({ "email": email, "name": "Bo Both", "role": "viewer", "password": password });
    for shop in [&first, &second] {
        shop.post("/users").json(&user).await.ok(201);
    }
    app.log_in(&email, &password).await.problem(409, "tenant_id_required");
    for shop in [&first, &second] {
        let login = json!({ "email": email, "password": password, "tenant_id": shop.tenant });
        let session = app.anyone.post("/sessions").json(&login).await.ok(201);
        let both = app.anyone.with_token(session["access_token"].as_str().expect("a token"));
        assert_eq!(both.get("/tenants/me").await.ok(200)["id"], shop.tenant.as_str());
    }
}

// E12: ten tries an account, wherever they come from; then even the right password has to wait.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_eleventh_try_of_an_account_waits() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for _ in 0..10 {
        attempt(&app.another_address().anyone, &shop.owner.email).await.problem(401, "bad_credentials");
    }
    for party in [&app.anyone, &app.another_address().anyone] {
        let answer = attempt(party, &shop.owner.email).await;
        answer.problem(429, "too_many_attempts");
        assert!(answer.retry_after() <= 15 * 60, "{answer}");
    }
    app.log_in(&shop.owner.email, &shop.owner.password).await.problem(429, "too_many_attempts");
    let other = app.sign_up().await;
    app.log_in(&other.owner.email, &other.owner.password).await.ok(201);
}

// E12: a log-in that works takes the account's earlier tries away.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_good_log_in_begins_anew() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for _ in 0..2 {
        for _ in 0..9 {
            attempt(&app.anyone, &shop.owner.email).await.problem(401, "bad_credentials");
        }
        app.log_in(&shop.owner.email, &shop.owner.password).await.ok(201);
    }
}

// E12, G4: fifty tries an address, whoever they are for, counted before the password is looked at; claiming to be somewhere
// else does not help.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn the_fifty_first_try_of_an_address_waits() {
    let app = TestApp::start().await;
    let here = &app.anyone;
    let answers = send_all((0..60).map(|_| attempt(here, &unique_email())), 8).await;
    let (tried, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 401);
    assert_eq!((tried.len(), refused.len()), (50, 10));
    for answer in refused {
        answer.problem(429, "too_many_attempts");
        answer.retry_after();
    }
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("x-forwarded-for", ""),
    ] {
        let body = json!({ "email": unique_email(), "password": "not-the-password" });
        here.post("/sessions").header(name, value).json(&body).await.problem(429, "too_many_attempts");
    }
    attempt(&app.another_address().anyone, &unique_email()).await.problem(401, "bad_credentials");
}

// D2, D3
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_log_ins_are_refused_field_by_field() {
    let app = TestApp::start().await;
    let body = json!({ "email": "olive", "password": 7, "tenant_id": "usr_1", "remember": true });
    let faults = ["/email invalid_email", "/password invalid_type", "/remember unknown_field", "/tenant_id invalid_id"];
    assert_eq!(app.anyone.post("/sessions").json(&body).await.faults(), faults);
}
