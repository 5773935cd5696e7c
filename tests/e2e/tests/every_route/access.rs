//! Who may call what, of every route there is: generated from the table of routes and the table of rights, so that a new
//! route is tested without a word here.

use std::collections::BTreeMap;

use domain::access::{Action, Grant, Role};
use http_kit::routes::ALL;
use http_kit::{Access, Route};
use serde_json::{Value, json};

use crate::support::{Answer, Call, Party, Shop, TestApp, User, id, new_key, payment_of};

/// An id of the right form that nobody has.
const NOBODY_S: &str = "01m7z21wcwfb09peqcqcw21n8d";

fn granted() -> impl Iterator<Item = (&'static Route, Action)> {
    ALL.iter().filter_map(|route| match route.access {
        Access::Granted(action) => Some((route, action)),
        Access::Public => None,
    })
}

/// `payments` of `/v1/payments/{id}/refunds`.
fn noun(route: &Route) -> &'static str {
    route.path.split('/').nth(2).expect("a noun")
}

/// The route's call with this id in its path, an empty body where it takes one, and a key.
fn call(party: &Party, route: &Route, id: &str) -> Call {
    let path = route.path.trim_start_matches("/v1").replace("{id}", id).replace("{name}", "sandbox");
    let path = path.replace("{file_id}", &format!("fil_{NOBODY_S}"));
    let call = party.call(route.method, path);
    match (route.method, route.function) {
        ("GET" | "DELETE", _) => call,
        (_, "disputes-answer") => call.key(&new_key()).json(&json!({ "evidence": "Signed for" })),
        (_, "webhook-endpoints-replay") => {
            call.key(&new_key()).json(&json!({ "failed_since": "2026-01-01T00:00:00Z" }))
        }
        _ => call.key(&new_key()).json(&json!({})),
    }
}

/// Nobody's, so that being allowed does no harm; where only oneself is allowed to all, oneself.
fn harmless_id(route: &Route, action: Action) -> String {
    match (noun(route), action) {
        ("users", Action::UserReadSelf | Action::UserWriteSelf) => "me".to_owned(),
        ("accounts", _) => "acc_merchant_eur".to_owned(),
        // Where they have one, it is the hash of an address.
        ("settings", _) => "0".repeat(64),
        ("wallets", _) => format!("acc_wallet_{NOBODY_S}_eur"),
        (noun, _) => format!("{}_{NOBODY_S}", prefix(noun)),
    }
}

fn prefix(noun: &str) -> &'static str {
    match noun {
        "users" => "usr",
        "sessions" => "ses",
        "orders" => "ord",
        "payments" => "pay",
        "disputes" => "dsp",
        "statements" => "stm",
        "events" => "evt",
        "files" => "fil",
        "jobs" | "reports" | "extractions" => "job",
        "schedules" => "sch",
        "tenants" => "ten",
        "webhook_endpoints" => "whe",
        "dead_letters" => "dlt",
        // Named, not numbered.
        "providers" => "sandbox",
        "settings" => "set",
        other => panic!("say in every_route/access.rs what ids of {other:?} begin with"),
    }
}

// E9: every granted route by every role: 403 exactly where the table of rights says no.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn every_route_by_every_role() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut wrong = Vec::new();
    for role in Role::ALL {
        let user = shop.add(role.as_str()).await;
        for (route, action) in granted() {
            let answer = call(&user, route, &harmless_id(route, action)).await;
            let is_allowed = Grant::Role(role).allows(action);
            if !is_as_it_should_be(&answer, is_allowed) {
                wrong.push(format!(
                    "{} as {} ({action:?}, allowed: {is_allowed}): {answer}",
                    route.function,
                    role.as_str()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever is allowed gets past the gate: to a success, or to what the route itself says of an empty body and nobody's id.
fn is_as_it_should_be(answer: &Answer, is_allowed: bool) -> bool {
    match answer.status {
        403 => !is_allowed && answer.problem(403, "forbidden").is_object(),
        200..=204 | 400 | 404 => is_allowed,
        _ => false,
    }
}

// E1, E9: every granted route without a token, and with one that is none.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn every_route_without_a_token() {
    let app = TestApp::start().await;
    for (route, action) in granted() {
        for party in [app.anyone.clone(), app.anyone.with_token("garbage")] {
            call(&party, route, &harmless_id(route, action)).await.problem(401, "unauthenticated");
        }
    }
}

// E9: public routes need no token, and mind none.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn public_routes_need_no_token() {
    let app = TestApp::start().await;
    for route in ALL.iter().filter(|route| route.access == Access::Public) {
        for party in [app.anyone.clone(), app.anyone.with_token("garbage")] {
            let answer = call(&party, route, NOBODY_S).await;
            let expected = match (route.method, route.is_page) {
                // A page says that the link is none of ours.
                (_, true) => 404,
                ("GET", false) => 200,
                (_, false) => 400,
            };
            assert_eq!(answer.status, expected, "{}: {answer}", route.function);
        }
    }
}

/// One existing thing of every noun that has an id in its path.
struct Things {
    ids: BTreeMap<&'static str, String>,
    order: Value,
    payment: Value,
    user: User,
}

impl Things {
    async fn of(shop: &Shop) -> Self {
        let user = shop.add("operator").await;
        let (order, payment) = shop.paid_order(500).await;
        let events = shop.all("/events").await;
        let dispute = shop.disputed(300).await;
        let line = json!({ "reference": "ch_1", "kind": "charge", "amount": 1, "currency": "EUR" });
        let period = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let body = json!({ "provider": "sandbox", "from": period.0, "to": period.1, "lines": [line] });
        let statement = shop.post("/statements").key(&new_key()).json(&body).await.ok(202);
        let ids = BTreeMap::from([
            // The hash of an address; that another tenant's is not found, the scenarios of mails show.
            ("settings", "0".repeat(64)),
            ("users", user.id.clone()),
            ("sessions", user.session.clone()),
            ("orders", id(&order).to_owned()),
            ("payments", id(&payment).to_owned()),
            ("disputes", id(&dispute).to_owned()),
            ("statements", id(&statement).to_owned()),
            ("accounts", "acc_merchant_eur".to_owned()),
            ("wallets", id(&shop.wallet("EUR").await).to_owned()),
            ("events", id(&events[0]).to_owned()),
            ("files", id(&shop.announce("a.csv", "text/csv", b"x").await).to_owned()),
            ("jobs", id(&shop.report("payments").await).to_owned()),
            ("schedules", id(&shop.schedule("0 6 * * *").await).to_owned()),
            ("dead_letters", id(&shop.dead_letter().await).to_owned()),
            ("webhook_endpoints", id(&shop.endpoint("https://hooks.shop.example/", &json!({})).await).to_owned()),
        ]);
        Self { ids, order, payment, user }
    }
}

// E10, F1: another tenant's id is not found, on every route, whatever one's role; and nothing of it has moved.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn another_tenant_s_ids_are_not_found() {
    let app = TestApp::start().await;
    let (shop, stranger) = (app.sign_up().await, app.sign_up().await);
    let things = Things::of(&shop).await;
    for (route, _) in granted().filter(|(route, _)| route.path.contains("{id}")) {
        let id = things.ids.get(noun(route));
        let id = id.unwrap_or_else(|| panic!("make one of {:?} in every_route/access.rs", noun(route)));
        call(&stranger, route, id).await.problem(404, "not_found");
        if route.method == "GET" {
            let answer = call(&shop, route, id).await;
            // A receipt is elsewhere, or being made.
            assert!([200, 202, 303].contains(&answer.status), "{answer}");
        }
    }
    // Once more with a change that would be one.
    let rename = json!({ "name": "Stolen", "role": "viewer" });
    stranger.patch(format!("/users/{}", things.user.id)).json(&rename).await.problem(404, "not_found");
    stranger.refund(&things.payment, &json!({ "amount": 1 })).await.problem(404, "not_found");

    assert_eq!(shop.payment(&things.payment).await, things.payment);
    assert_eq!(shop.order_in("paid", &things.order).await, things.order);
    assert_eq!(things.user.get("/users/me").await.ok(200)["name"], "Uma User");
}

// E10 in a body and in a query.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn another_tenant_s_ids_in_a_body_or_query_find_nothing() {
    let app = TestApp::start().await;
    let (shop, stranger) = (app.sign_up().await, app.sign_up().await);
    let order = shop.order(500, "EUR").await;
    let mut payment = payment_of(500, "EUR", "tok_success");
    payment["order_id"] = order["id"].clone();
    stranger.pay(&payment).await.problem(404, "not_found");
    assert_eq!(stranger.all("/payments").await, Vec::<Value>::new());

    // A cursor is a place in one's own list, whoever's id it is made of.
    let own = stranger.order(1, "EUR").await;
    for cursor in [id(&order), id(&own)] {
        let page = stranger.get(format!("/orders?cursor={cursor}")).await.ok(200);
        assert_eq!(page["data"], json!([]), "{cursor}");
    }
    let found = stranger.all("/orders?customer=casey@customer.example").await;
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [id(&own)]);
    shop.pay(&payment).await.ok(202);
}
