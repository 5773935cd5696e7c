//! G: limits that hold for a caller across instances, and on each instance alone when there is no cache to share them.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, PASSWORD, SIGN_UPS_PER_ADDRESS, World, caller};
use domain::access::Role;
use domain::identity::ATTEMPTS;
use domain::rate_limit::{READS, WRITES};
use serde_json::json;

use super::Scene;

#[test]
fn g1_g2_a_caller_s_burst_ends_with_429_that_says_when_to_come_back() {
    let scene = Scene::new();
    let eager = caller(&scene.world, scene.owner().tenant, Role::Operator);
    let other = caller(&scene.world, scene.owner().tenant, Role::Operator);
    let read = |who| scene.world.call(Ask::get("/v1/orders").by(who));
    let first = read(&eager).ok(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"read\";q=1000;w=60;burst=200"));
    assert_eq!(first.header("ratelimit"), Some("\"read\";r=199;t=1"));
    for _ in 1..READS.burst {
        read(&eager).ok(200);
    }
    let refused = read(&eager).refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.header("ratelimit").is_some_and(|left| left.starts_with("\"read\";r=0;")), "{refused:?}");
    assert!(refused.header("ratelimit-policy").is_some());

    read(&other).ok(200);
    scene.world.call(scene.world.payment(None, 1, "tok_success").by(&eager)).ok(202);
    scene.world.clock.advance(Duration::from_secs(1));
    read(&eager).ok(200);
}

#[test]
fn g1_reads_and_writes_have_limits_of_their_own() {
    let scene = Scene::new();
    let eager = caller(&scene.world, scene.owner().tenant, Role::Operator);
    assert_eq!(accepted(&scene, &eager, 150), WRITES.burst);
    scene.world.call(Ask::get("/v1/orders").by(&eager)).ok(200);
}

#[test]
fn g3_without_a_cache_an_instance_limits_by_itself() {
    let scene = Scene::new();
    scene.world.cache.set_away(true);
    let eager = caller(&scene.world, scene.owner().tenant, Role::Operator);
    assert_eq!(accepted(&scene, &eager, 150), WRITES.burst);
    scene.comes_to_rest();
}

#[test]
fn g4_a_claimed_address_changes_nothing() {
    let scene = Scene::new();
    let eager = caller(&scene.world, scene.owner().tenant, Role::Viewer);
    let read = |n: u32| Ask::get("/v1/orders").by(&eager).header("x-forwarded-for", &format!("198.51.100.{n}"));
    let answers: Vec<Answer> = (0..=READS.burst).map(|n| scene.world.call(read(n % 250))).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 1);
}

/// A tenant can have mail sent to anybody, and anybody can have a tenant.
#[test]
fn g1_sign_ups_are_counted_by_where_they_come_from() {
    let scene = Scene::of(World::new());
    scene.world.clock.advance(ATTEMPTS.window);
    let sign_up = |n: u32, address: &str| {
        let owner = json!({ "name": "Olive", "email": format!("olive-{n}@many.example"), "password": PASSWORD });
        let ask = Ask::post("/v1/tenants", &json!({ "name": "One of many", "owner": owner }));
        scene.world.call(ask.from_address(address).header("x-forwarded-for", &format!("198.51.100.{n}")))
    };
    for n in 0..SIGN_UPS_PER_ADDRESS {
        sign_up(n, "203.0.113.1").ok(201);
    }
    let refused = sign_up(10, "203.0.113.1").refused(429, "too_many_attempts");
    assert_eq!(refused.header("retry-after"), Some("900"));
    sign_up(11, "203.0.113.2").ok(201);
    scene.world.log_in("olive-0@many.example");
    scene.world.clock.advance(ATTEMPTS.window);
    sign_up(12, "203.0.113.1").ok(201);
}

/// How many of so many payments at once are let in.
fn accepted(scene: &Scene, who: &domain::access::Caller, count: u32) -> u32 {
    let pay = |_| scene.world.call(scene.world.payment(None, 1, "tok_success").by(who)).status;
    u32::try_from((0..count).map(pay).filter(|status| *status == 202).count()).expect("a small number")
}
