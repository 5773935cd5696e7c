//! PATCH /users/{id}.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, TestApp, order_of, password};

// B19: the ETag goes with the change, and a stale one changes nothing.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_stale_if_match_changes_nothing() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let etag = |answer: &Answer| answer.header("etag").expect("an ETag").to_owned();
    let first = etag(&shop.get("/users/me").await);
    let changed = shop.patch("/users/me").header("if-match", &first).json(&json!({ "name": "Olive Second" })).await;
    assert_eq!(changed.ok(200)["name"], "Olive Second");
    let second = etag(&changed);
    assert_ne!(first, second);
    for stale in [first.as_str(), "\"99\"", "99", "W/\"2\"", "\"x\""] {
        let answer = shop.patch("/users/me").header("if-match", stale).json(&json!({ "name": "Olive Third" })).await;
        answer.problem(412, "precondition_failed");
    }
    let now = shop.get("/users/me").await;
    assert_eq!((now.ok(200)["name"].as_str(), etag(&now)), (Some("Olive Second"), second));
    shop.patch("/users/me").header("if-match", "*").json(&json!({ "name": "Olive Any" })).await.ok(200);
    assert_eq!(shop.get("/users/me").await.ok(200)["name"], "Olive Any", "a reader sees its own change");
}

// E9: nobody takes or gives a role above their own, nor raises themselves.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn nobody_reaches_above_their_own_role() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (admin, operator, viewer) = (shop.add("admin").await, shop.add("operator").await, shop.add("viewer").await);
    let path = |id: &str| format!("/users/{id}");
    for (who, whom, role) in [
        (&viewer, &viewer, "operator"),
        (&operator, &operator, "admin"),
        (&operator, &viewer, "operator"),
        (&admin, &admin, "owner"),
        (&admin, &viewer, "owner"),
        (&admin, &shop.owner, "viewer"),
    ] {
        let answer = who.patch(path(&whom.id)).json(&json!({ "role": role })).await;
        answer.problem(403, "forbidden");
    }
    viewer.patch(path(&operator.id)).json(&json!({ "name": "Not Mine" })).await.problem(403, "forbidden");
    assert_eq!(viewer.patch("/users/me").json(&json!({ "name": "Vera Viewer" })).await.ok(200)["name"], "Vera Viewer");
    assert_eq!(admin.patch(path(&viewer.id)).json(&json!({ "role": "operator" })).await.ok(200)["role"], "operator");
}

// E9: with a new role the tokens of the old one are refused at once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_new_role_ends_the_tokens_of_the_old_one() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let operator = shop.add("operator").await;
    operator.order(100, "EUR").await;
    shop.patch(format!("/users/{}", operator.id)).json(&json!({ "role": "viewer" })).await.ok(200);
    operator.get("/orders").await.problem(401, "token_revoked");
    // Tokens tell the second they were issued in, and those of the very second of the change are refused as well.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let refresh = app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": operator.refresh_token }));
    let session = refresh.await.ok(200);
    let viewer = app.anyone.with_token(session["access_token"].as_str().expect("a token"));
    viewer.get("/orders").await.ok(200);
    viewer.post("/orders").json(&order_of(1, "EUR")).await.problem(403, "forbidden");
}

// E11: a new password ends the old one, with the tokens and the sessions it gave.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_new_password_ends_the_old_one() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    assert_eq!(
        viewer.patch("/users/me").json(&json!({ "password": "Password1234" })).await.faults(),
        ["/password breached_password"]
    );
    let new = password();
    assert_eq!(
        viewer.patch("/users/me").json(&json!({ "password": new })).await.faults(),
        ["/current_password required"]
    );
    let guess = json!({ "password": new, "current_password": "not-the-password" });
    viewer.patch("/users/me").json(&guess).await.problem(401, "bad_credentials");
    let change = json!({ "password": new, "current_password": viewer.password });
    let answer = viewer.patch("/users/me").json(&change).await;
    answer.ok(200);
    assert!(!answer.text.contains(&new), "{answer}");
    viewer.get("/users/me").await.problem(401, "token_revoked");
    let refresh = app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": viewer.refresh_token }));
    refresh.await.problem(401, "bad_credentials");
    app.log_in(&viewer.email, &viewer.password).await.problem(401, "bad_credentials");
    app.log_in(&viewer.email, &new).await.ok(201);
}

// D3: one field at a time or none; the address is not changed this way.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_changes_are_refused_field_by_field() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let faults = shop.patch("/users/me").json(&json!({ "email": "a@b.example", "name": "", "role": 1 })).await.faults();
    assert_eq!(faults, ["/email unknown_field", "/name too_short", "/role invalid_type"]);
    shop.patch("/users/usr_01m7z21wcwfb09peqcqcw21n8d")
        .json(&json!({ "name": "Nobody" }))
        .await
        .problem(404, "not_found");
}
