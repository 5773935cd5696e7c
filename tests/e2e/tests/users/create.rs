//! POST /users.

use serde_json::{Value, json};

use crate::support::{TestApp, password, unique_email};

fn user(role: &str) -> Value {
    json!({ "email": unique_email(), "name": "Uma User", "role": role, "password": password() })
}

// The answer, and the user that is there from then on.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_user_is_added_and_may_log_in() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = user("operator");
    let answer = shop.post("/users").json(&body).await;
    let made = answer.ok(201);
    let location = answer.header("location").expect("a Location");
    assert_eq!(shop.follow(location).await.ok(200), made);
    assert_eq!((&made["email"], &made["role"], &made["name"]), (&body["email"], &body["role"], &body["name"]));
    assert_eq!(made.get("password"), None);
    let uma = app.user(&made, body["password"].as_str().expect("a password")).await;
    assert_eq!(uma.get("/users/me").await.ok(200), made);
    assert_eq!(uma.get("/tenants/me").await.ok(200)["id"], shop.tenant.as_str());
}

// An address is one user's within a tenant, however it is written; another tenant may have it too.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_address_belongs_to_one_user_of_a_tenant() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let first = user("viewer");
    shop.post("/users").json(&first).await.ok(201);
    for email in [first["email"].clone(), first["email"].as_str().expect("a text").to_uppercase().into()] {
        let mut again = user("viewer");
        again["email"] = email;
        shop.post("/users").json(&again).await.problem(409, "email_taken");
    }
    assert_eq!(shop.all("/users").await.len(), 2);
    let mut elsewhere = user("viewer");
    elsewhere["email"] = first["email"].clone();
    other.post("/users").json(&elsewhere).await.ok(201);
}

// E9: nobody makes a user above their own role.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn nobody_makes_a_user_above_themselves() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (admin, operator) = (shop.add("admin").await, shop.add("operator").await);
    admin.post("/users").json(&user("owner")).await.problem(403, "forbidden");
    admin.post("/users").json(&user("admin")).await.ok(201);
    operator.post("/users").json(&user("viewer")).await.problem(403, "forbidden");
    shop.post("/users").json(&user("owner")).await.ok(201);
}

// E11, D2, D3
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_users_are_refused_field_by_field() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = json!({ "email": "uma", "name": "4242424242424242", "role": "king", "password": "short", "tenant_id": "ten_1" });
    let faults = [
        "/email invalid_email",
        "/name card_number",
        "/password too_short",
        "/role unknown_value",
        "/tenant_id unknown_field",
    ];
    assert_eq!(shop.post("/users").json(&body).await.faults(), faults);
    for (password, code) in [("Password1234", "breached_password"), ("uma user 2026", "too_guessable")] {
        let mut body = user("viewer");
        body["password"] = password.into();
        assert_eq!(shop.post("/users").json(&body).await.faults(), [format!("/password {code}")]);
    }
    assert_eq!(shop.all("/users").await.len(), 1);
}
