//! D10: a route that is retired says so on every answer, and answers on. No route of the table is; these are the tests' own.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, run};
use domain::time::Timestamp;
use http_kit::serve::{serve, serve_public};
use http_kit::{Code, Gate, Problem, Request, Response, Retirement, Route, routes};
use ports::clock::Clock as _;

use super::Scene;

/// 2026-03-01T00:00:00Z and a year later.
const RETIREMENT: Retirement = Retirement {
    deprecated_at: Timestamp::from_ms(1_772_323_200_000),
    sunset_at: Timestamp::from_ms(1_803_859_200_000),
    page: "https://docs.coffer.example/retired/orders-list",
};
const RETIRED: Route = routes::ORDERS_LIST.retired(RETIREMENT);
const RETIRED_PUBLIC: Route = routes::HEALTH_LIVE.retired(RETIREMENT);

const LINK: &str = "<https://docs.coffer.example/retired/orders-list>; rel=\"deprecation\"; type=\"text/html\"";

fn call(scene: &Scene, route: &Route, ask: Ask, result: Result<Response, Problem>) -> Answer {
    let gate = Gate { cache: scene.world.cache.as_ref(), clock: &scene.world.clock };
    run(serve(gate, route, &Request::from(ask), async |_| result)).into()
}

fn list(scene: &Scene) -> Ask {
    Ask::get("/v1/orders").by(&scene.owner_now())
}

fn a_page() -> Result<Response, Problem> {
    Ok(Response::list(&Request::from(Ask::get("/v1/orders")), &[], Some("ord_1".to_owned())))
}

#[track_caller]
fn assert_retired(answer: &Answer) {
    assert_eq!(answer.header("deprecation"), Some("@1772323200"));
    assert_eq!(answer.header("sunset"), Some("Mon, 01 Mar 2027 00:00:00 GMT"));
    assert!(answer.header("link").is_some_and(|links| links.ends_with(LINK)), "{answer:?}");
}

#[test]
fn d10_every_answer_of_a_retired_route_says_so() {
    let scene = Scene::new();
    let page = call(&scene, &RETIRED, list(&scene), a_page()).ok(200);
    assert_retired(&page);
    let next = "</api/v1/orders?cursor=ord_1>; rel=\"next\"";
    assert_eq!(page.header("link"), Some(format!("{next}, {LINK}").as_str()), "both links in one header");

    let problem = || Err(Problem::new(Code::NotFound, "There is no such order."));
    assert_retired(&call(&scene, &RETIRED, list(&scene), problem()).refused(404, "not_found"));
    assert_retired(&call(&scene, &RETIRED, Ask::get("/v1/orders"), a_page()).refused(401, "unauthenticated"));
    let refused = call(&scene, &RETIRED, list(&scene).header("accept", "text/html"), a_page());
    assert_retired(&refused.refused(406, "not_acceptable"));

    let public = async |_: &Request| Ok(Response::no_content());
    let answer = run(serve_public(&RETIRED_PUBLIC, &Request::from(Ask::get("/v1/health/live")), public));
    assert_retired(&Answer::from(answer).ok(204));
}

#[test]
fn d10_a_retired_route_answers_after_its_sunset() {
    let scene = Scene::new();
    scene.world.clock.set(RETIREMENT.sunset_at.plus(Duration::from_secs(86_400)));
    assert!(scene.world.clock.now() > RETIREMENT.sunset_at);
    assert_retired(&call(&scene, &RETIRED, list(&scene), a_page()).ok(200));
}

#[test]
fn d10_a_route_that_is_not_retired_says_nothing() {
    let scene = Scene::new();
    let answer = call(&scene, &routes::ORDERS_LIST, list(&scene), a_page()).ok(200);
    assert_eq!((answer.header("deprecation"), answer.header("sunset")), (None, None));
    assert!(answer.header("link").is_some_and(|links| !links.contains("deprecation")));
}
