//! POST /sessions/refresh.

use serde_json::{Value, json};

use crate::support::{Answer, SOON, TestApp, eventually};

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": token })).await
}

fn text<'a>(session: &'a Value, name: &str) -> &'a str {
    session[name].as_str().unwrap_or_else(|| panic!("no {name}: {session}"))
}

// E4: each refresh token is good once, for a pair of new ones of the same session.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_refresh_gives_new_tokens() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut token = shop.owner.refresh_token.clone();
    for _ in 0..3 {
        let session = refresh(&app, &token).await.ok(200);
        assert_eq!((&session["session_id"], &session["expires_in"]), (&json!(shop.owner.session), &json!(600)));
        assert_ne!(text(&session, "refresh_token"), token);
        app.anyone.with_token(text(&session, "access_token")).get("/users/me").await.ok(200);
        token = text(&session, "refresh_token").to_owned();
    }
    shop.get("/users/me").await.ok(200);
}

// E4: of two holders of one token one is a thief; the session ends for both.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_token_used_twice_ends_its_family() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let unharmed = app.log_in(&shop.owner.email, &shop.owner.password).await.ok(201);
    let first = refresh(&app, &shop.owner.refresh_token).await.ok(200);
    refresh(&app, &shop.owner.refresh_token).await.problem(401, "bad_credentials");
    refresh(&app, text(&first, "refresh_token")).await.problem(401, "bad_credentials");
    for token in [text(&first, "access_token"), shop.token()] {
        let party = app.anyone.with_token(token);
        eventually("a refused access token", SOON, async || {
            let answer = party.get("/users/me").await;
            if answer.status == 401 { Ok(answer.problem(401, "token_revoked")) } else { Err(answer.to_string()) }
        })
        .await;
    }
    refresh(&app, text(&unharmed, "refresh_token")).await.ok(200);
}

// E4: two at once with one token: at most one of them goes on.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn parallel_refreshes_with_one_token_do_not_both_go_on() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let answers =
        futures_util::future::join_all((0..4).map(async |_| refresh(&app, &shop.owner.refresh_token).await)).await;
    let gone_on: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(gone_on.len() <= 1, "{} went on", gone_on.len());
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.problem(401, "bad_credentials");
    }
}

// What is no token of ours is refused like one that has ended, and ends nothing: only who has held a token of the session
// can end it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_refresh_token_is_refused() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let good = &shop.owner.refresh_token;
    let parts: Vec<&str> = good.split('.').collect();
    let foreign: Vec<&str> = other.owner.refresh_token.split('.').collect();
    let tampered = if parts[2].starts_with('A') { "B" } else { "A" };
    for bad in [
        "token".to_owned(),
        format!("{}.{}.{tampered}{}.{}", parts[0], parts[1], &parts[2][1..], parts[3]),
        shop.token().to_owned(),
        format!("{}.{}.{}.{}", foreign[0], parts[1], parts[2], parts[3]),
        format!("{}.{}.{}.{}", parts[0], foreign[1], foreign[2], foreign[3]),
        format!("{}.{}.{}.{}", parts[0], parts[1], foreign[2], parts[3]),
        format!("{good}.x"),
    ] {
        refresh(&app, &bad).await.problem(401, "bad_credentials");
    }
    assert_eq!(refresh(&app, "").await.faults(), ["/refresh_token invalid_length"]);
    refresh(&app, good).await.ok(200);
}
