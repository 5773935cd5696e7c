//! E: whose token is let in, and for how long.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, Consumer, PASSWORD, World};
use domain::access::{Caller, Role};
use domain::identity::{ACCESS_TOKEN_LIFETIME, ATTEMPTS, TOKEN_LEEWAY};
use memory::Fault;
use serde_json::json;

use super::Scene;

fn read(scene: &Scene, caller: &Caller) -> Answer {
    scene.world.call(Ask::get("/v1/orders").by(caller))
}

fn log_out(scene: &Scene, session: &str, caller: &Caller) {
    scene.world.call(Ask::delete(format!("/v1/sessions/{session}")).by(caller)).ok(204);
}

#[test]
fn e2_a_token_is_good_for_its_life_and_the_leeway_and_not_a_second_longer() {
    let scene = Scene::new();
    scene.world.clock.advance(ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY - Duration::from_secs(1));
    read(&scene, scene.owner()).ok(200);
    scene.world.clock.advance(Duration::from_secs(1));
    let refused = read(&scene, scene.owner()).refused(401, "unauthenticated");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert!(scene.world.authorize(&scene.shop.owner.access_token).is_err(), "the authorizer says the same");
}

#[test]
fn e2_the_pipeline_looks_at_a_token_s_life_though_the_gateway_keeps_the_authorizer_s_answer() {
    let scene = Scene::new();
    let order = json!({
        "currency": "EUR",
        "customer": { "email": "c@shop.example", "name": "C" },
        "lines": [{ "sku": "T", "name": "Tea", "quantity": 1, "unit_amount": 5 }],
    });
    scene.world.clock.advance(ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY);
    let before = scene.world.store.contents();
    scene.world.call(Ask::post("/v1/orders", &order).by(scene.owner())).refused(401, "unauthenticated");
    assert_eq!(scene.world.store.contents(), before);
}

#[test]
fn e5_a_logged_out_session_s_token_is_refused_at_once_and_others_are_not() {
    let scene = Scene::new();
    let other = scene.world.log_in(&scene.shop.owner.email);
    read(&scene, scene.owner()).ok(200);
    log_out(&scene, &scene.shop.owner.session, scene.owner());
    read(&scene, scene.owner()).refused(401, "token_revoked");
    read(&scene, &other.caller).ok(200);
    let refresh = json!({ "refresh_token": scene.shop.owner.refresh_token });
    scene.world.call(Ask::post("/v1/sessions/refresh", &refresh)).refused(401, "bad_credentials");
}

#[test]
fn e5_a_log_out_that_the_cache_did_not_hear_is_told_by_the_stream() {
    let scene = Scene::new();
    scene.world.faults.fail("cache.revoke", 1, Fault::TimedOutBefore);
    log_out(&scene, &scene.shop.owner.session, scene.owner());
    read(&scene, scene.owner()).ok(200);
    assert!(scene.world.deliver(Consumer::CacheRefresh));
    read(&scene, scene.owner()).refused(401, "token_revoked");
}

#[test]
fn e5_a_revocation_is_remembered_for_as_long_as_the_token_could_live() {
    let scene = Scene::new();
    log_out(&scene, &scene.shop.owner.session, scene.owner());
    for _ in 0..63 {
        scene.world.clock.advance(Duration::from_secs(10));
        assert_eq!(read(&scene, scene.owner()).status, 401);
    }
}

#[test]
fn e5_a_cache_that_forgets_logs_nobody_out_and_lets_a_revoked_token_live_its_ten_minutes_at_most() {
    let scene = Scene::new();
    let other = scene.world.log_in(&scene.shop.owner.email);
    log_out(&scene, &scene.shop.owner.session, scene.owner());
    scene.world.run_until_quiet();
    scene.world.cache.flush();
    read(&scene, &other.caller).ok(200);
    read(&scene, scene.owner()).ok(200);
    scene.world.clock.advance(ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY);
    read(&scene, scene.owner()).refused(401, "unauthenticated");
}

#[test]
fn e4_a_refresh_token_that_is_used_twice_ends_its_session() {
    let scene = Scene::new();
    let stolen = json!({ "refresh_token": scene.shop.owner.refresh_token });
    let fresh = scene.world.call(Ask::post("/v1/sessions/refresh", &stolen)).ok(200);
    scene.world.call(Ask::post("/v1/sessions/refresh", &stolen)).refused(401, "bad_credentials");
    let next = json!({ "refresh_token": fresh.text("/refresh_token") });
    scene.world.call(Ask::post("/v1/sessions/refresh", &next)).refused(401, "bad_credentials");
    scene.world.run_until_quiet();
    read(&scene, scene.owner()).refused(401, "token_revoked");
}

fn guess(scene: &Scene, tenant: Option<&str>, password: &str) -> Answer {
    let login = json!({ "email": scene.shop.owner.email, "tenant_id": tenant, "password": password });
    scene.world.call(Ask::post("/v1/sessions", &login))
}

/// Somebody else's tenant, whose owner says they have the address of the scene's.
fn sign_up_with_the_same_address(scene: &Scene, name: &str) -> String {
    let owner = json!({ "name": "Mallory", "email": scene.shop.owner.email, "password": format!("{PASSWORD}-other") });
    scene.world.call(Ask::post("/v1/tenants", &json!({ "name": name, "owner": owner }))).ok(201).text("/tenant/id")
}

#[test]
fn e12_a_good_log_in_forgives_the_guesses_at_an_address_of_one_user() {
    let scene = Scene::new();
    for _ in 0..2 {
        for _ in 0..9 {
            guess(&scene, None, "mistyped").refused(401, "bad_credentials");
        }
        guess(&scene, None, PASSWORD).ok(201);
    }
}

#[test]
fn e12_a_log_in_to_one_s_own_tenant_forgives_no_guesses_at_another_s() {
    let scene = Scene::new();
    let (theirs, own) = (scene.shop.tenant.clone(), sign_up_with_the_same_address(&scene, "mallory"));
    let mut guessed = 0;
    for _ in 0..3 {
        let answers: Vec<Answer> = (0..9).map(|_| guess(&scene, Some(&theirs), "a guess")).collect();
        guessed += answers.iter().filter(|answer| answer.status == 401).count();
        guess(&scene, Some(&own), &format!("{PASSWORD}-other"));
    }
    assert!(guessed <= 10, "{guessed} guesses");
    guess(&scene, Some(&theirs), "a guess").refused(429, "too_many_attempts");
    scene.world.clock.advance(ATTEMPTS.window);
    guess(&scene, Some(&theirs), PASSWORD).ok(201);
}

#[test]
fn e12_who_signs_up_with_another_s_address_does_not_take_their_log_in() {
    let scene = Scene::of(World::new());
    let victim = "late@tea.example";
    let user = |name: &str, password: &str| json!({ "name": name, "email": victim, "password": password });
    for number in 0..5 {
        let owner = user("Mallory", &format!("{PASSWORD}-other"));
        let body = json!({ "name": format!("mallory {number}"), "owner": owner });
        scene.world.call(Ask::post("/v1/tenants", &body)).ok(201);
    }
    let body = json!({ "name": "late", "owner": user("Lea Late", PASSWORD) });
    let tenant = scene.world.call(Ask::post("/v1/tenants", &body)).ok(201).text("/tenant/id");
    let log_in = |tenant: Option<&str>, password: &str| {
        let login = json!({ "email": victim, "tenant_id": tenant, "password": password });
        scene.world.call(Ask::post("/v1/sessions", &login))
    };
    log_in(None, PASSWORD).refused(409, "tenant_id_required");
    log_in(None, "no password is looked at").refused(409, "tenant_id_required");
    log_in(Some(&tenant), PASSWORD).ok(201);
}

#[test]
fn e12_one_s_own_password_is_changed_by_who_knows_it() {
    let scene = Scene::new();
    let member = scene.shop.add(&scene.world, Role::Viewer);
    let path = format!("/v1/users/{}", member.user);
    let change = |path: &str, current: Option<&str>| {
        let body = json!({ "password": format!("{PASSWORD}-new"), "current_password": current });
        scene.world.call(Ask::new("PATCH", path).json(&body).by(&member.caller))
    };
    let before = scene.world.store.contents().users;
    for path in ["/v1/users/me", &path] {
        let missing = change(path, None).refused(400, "invalid_fields");
        assert_eq!(missing.text("/errors/0/pointer"), "/current_password");
    }
    for attempt in 0..10 {
        change(if attempt % 2 == 0 { "/v1/users/me" } else { &path }, Some("a guess")).refused(401, "bad_credentials");
    }
    change(&path, Some(PASSWORD)).refused(429, "too_many_attempts");
    assert_eq!(scene.world.store.contents().users, before);
    scene.world.clock.advance(ATTEMPTS.window);
    let caller = scene.world.log_in(&member.email).caller;
    let body = json!({ "password": format!("{PASSWORD}-new"), "current_password": PASSWORD });
    scene.world.call(Ask::new("PATCH", &path).json(&body).by(&caller)).ok(200);
}

#[test]
fn a_user_s_new_role_or_password_and_their_end_refuse_the_tokens_they_have() {
    let changes = [
        ("PATCH", json!({ "role": "viewer" })),
        ("PATCH", json!({ "password": format!("{PASSWORD}-new") })),
        ("DELETE", json!(null)),
    ];
    for (method, body) in changes {
        for by_the_stream_alone in [false, true] {
            let scene = Scene::new();
            let member = scene.shop.add(&scene.world, Role::Operator);
            scene.world.run_until_quiet();
            if by_the_stream_alone {
                scene.world.faults.fail("cache.revoke", 1, Fault::Unavailable);
            }
            let path = format!("/v1/users/{}", member.user);
            assert!(scene.world.call(Ask::new(method, path).json(&body).by(scene.owner())).is_success());
            scene.world.run_until_quiet();
            read(&scene, &member.caller).refused(401, "token_revoked");
            read(&scene, scene.owner()).ok(200);
        }
    }
}
