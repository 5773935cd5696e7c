//! DELETE /users/{id}.

use serde_json::json;

use crate::support::TestApp;

// E5: with the user go their tokens, at once, and their log-in.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_deleted_user_is_gone_at_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    let path = format!("/users/{}", viewer.id);
    shop.get(&path).await.ok(200);
    shop.delete(&path).await.ok(204);
    viewer.get("/orders").await.problem(401, "token_revoked");
    viewer.get("/users/me").await.problem(401, "token_revoked");
    shop.get(&path).await.problem(404, "not_found");
    shop.delete(&path).await.problem(404, "not_found");
    assert_eq!(shop.all("/users").await.len(), 1);
    app.log_in(&viewer.email, &viewer.password).await.problem(401, "bad_credentials");
    let refresh = app.anyone.post("/sessions/refresh").json(&json!({ "refresh_token": viewer.refresh_token }));
    refresh.await.problem(401, "bad_credentials");
    // The address is free again.
    let again = json!({ "email": viewer.email, "name": "Uma Again", "role": "viewer", "password": viewer.password });
    shop.post("/users").json(&again).await.ok(201);
    app.log_in(&viewer.email, &viewer.password).await.ok(201);
}

// E9: nobody deletes above their role, nor themselves.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn nobody_deletes_above_their_role_or_themselves() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (admin, operator, viewer) = (shop.add("admin").await, shop.add("operator").await, shop.add("viewer").await);
    for (who, whom) in [(&operator, &viewer), (&admin, &shop.owner), (&admin, &admin), (&shop.owner, &shop.owner)] {
        who.delete(format!("/users/{}", whom.id)).await.problem(403, "forbidden");
    }
    shop.delete("/users/me").await.problem(403, "forbidden");
    admin.delete(format!("/users/{}", viewer.id)).await.ok(204);
    assert_eq!(shop.all("/users").await.len(), 3);
}
