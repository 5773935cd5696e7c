//! H: a cache that is away, forgets or comes late costs time, never a wrong answer.

use coffer_simulation::{Answer, Ask, Consumer, Furniture, Tasks, World, good_request};
use http_kit::routes;

use super::Scene;

#[test]
fn h3_a_reader_sees_its_own_write_at_once() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 500).id();
    let path = format!("/v1/orders/{order}");
    assert_eq!(scene.world.show(scene.owner(), &path)["status"], "open");
    assert_eq!(scene.world.show(scene.owner(), &path)["status"], "open");
    scene.world.call(Ask::new("POST", format!("{path}/cancel")).by(scene.owner())).ok(200);
    let shown = scene.world.call(Ask::get(path.as_str()).by(scene.owner())).ok(200);
    assert_eq!((shown.text("/status"), shown.cache.hit), ("cancelled".to_owned(), true));
}

#[test]
fn h3_a_slow_reader_never_puts_an_old_state_over_a_newer_one() {
    for seed in 0..20 {
        for head_start in 0..12 {
            let scene = Scene::of(World::seeded(seed));
            let path = format!("/v1/orders/{}", scene.world.order(scene.owner(), 500).id());
            let mut slow = Tasks::default();
            slow.start((), scene.world.calling(Ask::get(path.as_str()).by(scene.owner())));
            for _ in 0..head_start {
                if !slow.is_empty() {
                    slow.poll(0);
                }
            }
            scene.world.call(Ask::new("POST", format!("{path}/cancel")).by(scene.owner())).ok(200);
            while !slow.is_empty() {
                slow.poll(0);
            }
            assert_eq!(scene.world.show(scene.owner(), &path)["status"], "cancelled", "seed {seed}, {head_start}");
        }
    }
}

#[test]
fn h1_a_change_by_a_worker_reaches_the_readers_through_the_stream() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    let path = format!("/v1/payments/{payment}");
    let read = || scene.world.call(Ask::get(path.as_str()).by(scene.owner())).ok(200);
    assert_eq!(read().text("/status"), "processing");
    let late = scene.world.take(Consumer::CacheRefresh);
    scene.world.settle();
    let shown = read();
    assert_eq!((shown.text("/status"), shown.cache.hit), ("succeeded".to_owned(), true));
    coffer_simulation::run(scene.world.consume(Consumer::CacheRefresh, &late)).expect("nothing fails");
    assert_eq!(read().text("/status"), "succeeded", "what comes late is not newer");
}

/// Who polls with the `ETag` is told in a few bytes that nothing has changed, and is counted and let in as any other.
#[test]
fn h1_a_read_of_what_the_client_has_is_304_until_it_changes() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    let path = format!("/v1/payments/{payment}");
    let poll = |etag: &str| scene.world.call(Ask::get(path.as_str()).by(scene.owner()).header("if-none-match", etag));
    let first = poll("\"none\"").ok(200);
    let etag = first.header("etag").expect("a version").to_owned();
    for _ in 0..2 {
        let same = poll(&etag).ok(304);
        assert_eq!(
            (same.body.as_str(), same.header("etag"), same.header("content-type")),
            ("", Some(etag.as_str()), None)
        );
        assert!(same.header("ratelimit").is_some() && same.header("cache-control").is_some());
    }
    scene.world.settle();
    let changed = poll(&etag).ok(200);
    assert_eq!(changed.text("/status"), "succeeded");
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    scene.world.call(Ask::get(path.as_str()).by_nobody().header("if-none-match", "*")).refused(401, "unauthenticated");
    let missing = Ask::get("/v1/payments/pay_1").by(scene.owner()).header("if-none-match", "*");
    scene.world.call(missing).refused(404, "not_found");
}

/// The same calls in two worlds that differ in the cache alone.
#[test]
fn h4_without_a_cache_every_route_answers_the_same() {
    for route in routes::ALL {
        let answer = |is_away: bool| -> Answer {
            let world = World::new();
            let furniture = Furniture::of(&world, "tea");
            world.cache.set_away(is_away);
            world.call(good_request(route, &furniture).by(furniture.owner()))
        };
        let (there, away) = (answer(false), answer(true));
        assert!(there.is_success(), "{}: {}", route.function, there.body);
        let health_says_so = route.function == "health-ready";
        if health_says_so {
            assert_eq!((away.status, &away.json["degraded"]), (200, &serde_json::json!(true)));
        } else if there.body.contains("access_token") {
            assert_eq!(away.status, there.status, "{}: tokens are new each time", route.function);
        } else if route.function != "well-known-jwks" {
            assert_eq!((away.status, &away.body), (there.status, &there.body), "{}", route.function);
        }
    }
}

#[test]
fn h4_the_cache_comes_back_by_itself_and_a_payment_settles_without_it() {
    let scene = Scene::new();
    scene.world.cache.set_away(true);
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    let path = format!("/v1/payments/{payment}");
    scene.world.settle();
    let read = || scene.world.call(Ask::get(path.as_str()).by(scene.owner())).ok(200);
    for _ in 0..3 {
        let shown = read();
        assert_eq!((shown.text("/status").as_str(), shown.cache.degraded), ("succeeded", true));
    }
    scene.world.cache.set_away(false);
    assert!(!read().cache.hit);
    assert!(read().cache.hit);
    scene.comes_to_rest();
}
