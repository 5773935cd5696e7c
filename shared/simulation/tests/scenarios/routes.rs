//! E9, E10: generated over every route of the table: who may call it, and whose ids it finds.

use coffer_simulation::{Answer, Furniture, World, caller, good_request};
use domain::access::{Action, Caller, Grant, Role};
use domain::ids::{ClientId, TenantId};
use http_kit::{Access, Route, routes};
use ports::clock::Clock as _;

/// On a furnished shop of its own, so that no call finds what another has done.
fn answer(route: &Route, who: impl FnOnce(&World, &Furniture) -> Option<Caller>) -> Answer {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    let ask = good_request(route, &furniture);
    match who(&world, &furniture) {
        Some(caller) => world.call(ask.by(&caller)),
        None => world.call(ask.by_nobody()),
    }
}

/// What the good request of a route takes: it names another user, where the route's own action is about oneself; what is
/// done with an order's files takes the right of the order, too. Nothing of a public one.
fn needed(route: &Route) -> Vec<Action> {
    match (route.function, route.access) {
        (_, Access::Public) => Vec::new(),
        ("users-get", Access::Granted(Action::UserReadSelf)) => vec![Action::UserRead],
        ("users-update", Access::Granted(Action::UserWriteSelf)) => vec![Action::UserWrite],
        ("orders-files", Access::Granted(action)) => vec![action, Action::OrderRead],
        ("orders-attach" | "orders-detach", Access::Granted(action)) => vec![action, Action::OrderWrite],
        (_, Access::Granted(action)) => vec![action],
    }
}

#[test]
fn e9_nobody_is_let_in_but_on_public_routes() {
    for route in routes::ALL {
        let answer = answer(route, |_, _| None);
        let is_refused = (answer.status, answer.code().as_str()) == (401, "unauthenticated");
        assert_eq!(is_refused, route.access != Access::Public, "{}: {}", route.function, answer.body);
    }
}

#[test]
fn e9_every_route_lets_in_the_roles_of_the_table_and_no_others() {
    for route in routes::ALL {
        for role in Role::ALL {
            let answer = answer(route, |world, furniture| Some(furniture.shop.add(world, role).caller));
            let may = needed(route).into_iter().all(|action| Grant::Role(role).allows(action));
            let is_refused = matches!(answer.status, 401 | 403);
            assert_eq!(is_refused, !may, "{} by {role:?}: {} {}", route.function, answer.status, answer.body);
        }
    }
}

#[test]
fn e9_every_route_lets_in_machines_with_its_scope_and_no_others() {
    for route in routes::ALL {
        let needed = needed(route);
        let right: Vec<&str> = needed.iter().map(|action| action.scope()).collect();
        let all_but = |missing: &Action| {
            let scopes = Action::ALL.iter().map(|action| action.scope());
            scopes.filter(|scope| *scope != missing.scope()).collect::<Vec<_>>()
        };
        let refused = needed.iter().map(all_but).chain([Vec::new()]).map(|scopes| (scopes, false));
        for (scopes, may) in refused.chain([(right.clone(), true)]).filter(|_| !needed.is_empty()) {
            let answer = answer(route, |world, furniture| Some(machine(world, furniture, &scopes)));
            let is_refused = matches!(answer.status, 401 | 403);
            assert_eq!(is_refused, !may, "{} with {scopes:?}: {}", route.function, answer.body);
        }
    }
}

fn machine(world: &World, furniture: &Furniture, scopes: &[&str]) -> Caller {
    Caller {
        tenant: furniture.owner().tenant,
        subject: world.id::<ClientId>().to_string(),
        session: None,
        grant: Grant::Scopes(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        issued_at_seconds: world.clock.now().as_seconds(),
    }
}

#[test]
fn e9_a_refused_call_changes_nothing() {
    for route in routes::ALL {
        let needed = needed(route);
        if needed.iter().all(|action| action.least_role() == Role::Viewer) {
            continue;
        }
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        let viewer = furniture.shop.add(&world, Role::Viewer).caller;
        let before = world.store.contents();
        world.call(good_request(route, &furniture).by(&viewer)).refused(403, "forbidden");
        assert_eq!(world.store.contents(), before, "{} under {needed:?}", route.function);
    }
}

#[test]
fn e10_another_tenant_s_id_is_404_on_every_route_that_takes_one() {
    let names_something = |route: &&Route| route.path.contains("{id}") || route.function == "payments-create";
    for route in routes::ALL.iter().filter(names_something) {
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        let stranger = world.sign_up("coffee").owner.caller;
        let before = world.store.contents();
        // Once from the table and once when the cache has it for its owner.
        for _ in 0..2 {
            let ask = good_request(route, &furniture);
            world.call(ask.by(&stranger)).refused(404, "not_found");
            let owner_reads = route.method == "GET";
            if owner_reads {
                let answer = world.call(good_request(route, &furniture).by(furniture.owner()));
                assert!(answer.is_success(), "{}: {}", route.function, answer.body);
            }
        }
        assert_eq!(world.store.contents(), before, "{}", route.function);
    }
}

#[test]
fn e10_lists_show_a_stranger_nothing() {
    let is_list = |route: &&Route| route.function.ends_with("-list") && !route.path.contains('{');
    for route in routes::ALL.iter().filter(is_list) {
        let answer = answer(route, |world, _| Some(caller(world, world.id::<TenantId>(), Role::Owner))).ok(200);
        assert_eq!(answer.body, r#"{"data":[],"next_cursor":null}"#, "{}", route.function);
    }
}

#[test]
fn an_id_that_cannot_exist_is_refused_before_the_query() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    for route in routes::ALL.iter().filter(|route| route.method == "GET" && route.path.contains('{')) {
        let path = route.path.replace("{id}", "x").replace("{name}", "x");
        let ask = coffer_simulation::Ask::get(path).query("x", "1");
        world.call(ask.by(furniture.owner())).refused(404, "not_found");
    }
}

#[test]
fn an_unknown_path_is_404_and_an_unknown_method_405_with_what_there_is() {
    let world = World::new();
    world.call(coffer_simulation::Ask::get("/v1/nothing")).refused(404, "not_found");
    for route in routes::ALL {
        let path = route.path.replace("{id}", "x").replace("{name}", "x");
        let answer = world.call(coffer_simulation::Ask::new("TRACE", path)).refused(405, "method_not_allowed");
        let allowed = answer.header("allow").unwrap_or_default();
        assert!(allowed.split(", ").any(|method| method == route.method), "{}: {allowed}", route.path);
    }
}
