//! Work per call is fixed: every route and every worker makes exactly the calls of ports that stand here, whatever lies in
//! the tables. A call to `cache.` is a Redis round trip, one to a store a request to DynamoDB, `commerce.commit` one
//! TransactWriteItems. docs/COST.md prices them. Here are the routes.

mod workers;

use std::collections::BTreeMap;

use coffer_simulation::{Answer, Ask, Furniture, World, good_request, together};
use domain::access::{Caller, Grant};
use http_kit::{Access, Route, routes};
use memory::Fault;

/// A route's work: when the cache has nothing yet, and the same request again.
struct Row {
    function: &'static str,
    first: &'static [&'static str],
    again: Again,
}

enum Again {
    /// The same work.
    Same,
    Calls(&'static [&'static str]),
}

use Again::{Calls, Same};

const fn row(function: &'static str, first: &'static [&'static str], again: Again) -> Row {
    Row { function, first, again }
}

const ADMITTED: &[&str] = &["cache.admit"];
/// What the gate asks where no Redis can be reached.
const LET_IN_OUTSIDE: &[&str] = &["limits.count", "sessions.get", "users.get"];
const LOG_IN: &[&str] = &[
    "attempts.count",
    "attempts.count",
    "users.logins",
    "users.get",
    "passwords.verify",
    "attempts.forget",
    "sessions.create",
    "key.public_key",
    "key.sign",
];

/// Cached reads cost the admission alone; an uncached one reads the table once and fills the cache. A step whose request is
/// repeated reads the order, which refuses it, and then its record.
const ROWS: &[Row] = &[
    row("tenants-create", &["attempts.count", "passwords.hash", "tenants.create"], Same),
    row("tenants-get", &["cache.admit", "tenants.get", "cache.put"], Calls(ADMITTED)),
    row("sessions-create", LOG_IN, Same),
    row(
        "sessions-refresh",
        &["sessions.rotate", "users.get", "key.public_key", "key.sign"],
        Calls(&["sessions.rotate"]),
    ),
    row("sessions-delete", &["cache.admit", "sessions.get", "sessions.revoke", "cache.revoke"], Same),
    row("well-known-jwks", &["key.public_key"], Same),
    row("well-known-metadata", &[], Same),
    row("users-create", &["cache.admit", "passwords.hash", "users.create"], Same),
    row("users-list", &["cache.admit", "users.list"], Same),
    row("users-get", &["cache.admit", "users.get", "cache.put"], Calls(ADMITTED)),
    row("users-update", &["cache.admit", "users.get", "users.update", "cache.put"], Same),
    row(
        "users-delete",
        &["cache.admit", "users.get", "users.delete", "cache.revoke", "cache.put"],
        Calls(&["cache.admit", "users.get"]),
    ),
    row("orders-create", &["cache.admit", "commerce.commit"], Same),
    row("orders-list", &["cache.admit", "orders.list"], Same),
    row("orders-get", &["cache.admit", "orders.get", "cache.put"], Calls(ADMITTED)),
    row(
        "orders-cancel",
        &["cache.admit", "orders.get", "commerce.commit", "cache.put"],
        Calls(&["cache.admit", "orders.get", "commerce.find_record"]),
    ),
    row(
        "orders-fulfil",
        &["cache.admit", "orders.get", "commerce.commit", "cache.put"],
        Calls(&["cache.admit", "orders.get", "commerce.find_record"]),
    ),
    row("orders-files", &["cache.admit", "attachments.of_order", "files.get_many"], Same),
    // The first file of an order is one read more: whether there is such an order.
    row(
        "orders-attach",
        &["cache.admit", "files.get", "attachments.of_order", "platform.commit"],
        Calls(&["cache.admit", "files.get"]),
    ),
    row("orders-detach", &["cache.admit", "files.get", "platform.commit"], Calls(&["cache.admit", "files.get"])),
    row("payments-create", &["cache.admit", "commerce.commit"], Same),
    // That the key is bound to the body, then each of two payments.
    row("payments-bulk", &["cache.admit", "commerce.commit", "commerce.commit", "commerce.commit"], Same),
    row("payments-list", &["cache.admit", "payments.list"], Same),
    row("payments-get", &["cache.admit", "payments.get", "cache.put"], Calls(ADMITTED)),
    row("payments-receipt", &["cache.admit", "payments.get", "blobs.head"], Same),
    row(
        "payments-capture",
        &["cache.admit", "payments.get", "commerce.commit", "cache.put"],
        Calls(&["cache.admit", "payments.get", "commerce.find_record"]),
    ),
    row(
        "payments-cancel",
        &["cache.admit", "payments.get", "commerce.commit", "cache.put"],
        Calls(&["cache.admit", "payments.get", "commerce.find_record"]),
    ),
    row("refunds-create", &["cache.admit", "payments.get", "commerce.commit"], Same),
    row("refunds-list", &["cache.admit", "refunds.list"], Same),
    row("disputes-list", &["cache.admit", "disputes.list"], Same),
    row("disputes-get", &["cache.admit", "disputes.get"], Same),
    row(
        "disputes-answer",
        &["cache.admit", "disputes.get", "commerce.commit"],
        Calls(&["cache.admit", "disputes.get", "commerce.find_record"]),
    ),
    row("providers-list", &["cache.admit", "connections.get"], Same),
    row("providers-get", &["cache.admit", "connections.get"], Same),
    // Of the sandbox, which has no keys; of another provider it is one call to it and two to KMS besides.
    row(
        "providers-connect",
        &["limits.count", "sessions.get", "users.get", "connections.get", "commerce.commit"],
        Same,
    ),
    row(
        "providers-disconnect",
        &["cache.admit", "connections.get", "commerce.commit"],
        Calls(&["cache.admit", "connections.get"]),
    ),
    row("providers-ingest", &["commerce.commit"], Same),
    row("accounts-list", &["cache.admit", "accounts.list"], Same),
    row("accounts-get", &["cache.admit", "accounts.balance"], Same),
    row("accounts-entries", &["cache.admit", "accounts.entries"], Same),
    row("wallets-create", &["cache.admit", "commerce.commit"], Same),
    row("wallets-list", &["cache.admit", "wallets.list"], Same),
    row("wallets-get", &["cache.admit", "wallets.get"], Same),
    row("fees-get", &["cache.admit", "fees.get"], Same),
    row("statements-create", &["cache.admit", "commerce.commit"], Same),
    row("statements-list", &["cache.admit", "statements.list"], Same),
    row("statements-get", &["cache.admit", "statements.get"], Same),
    row("statements-differences", &["cache.admit", "statements.get", "statements.differences"], Same),
    row("events-list", &["cache.admit", "events.list"], Same),
    row("events-get", &["cache.admit", "events.get"], Same),
    row("files-create", &["cache.admit", "platform.commit"], Same),
    row("files-list", &["cache.admit", "files.list"], Same),
    row("files-get", &["cache.admit", "files.get"], Same),
    row("files-delete", &["cache.admit", "files.get", "platform.commit"], Calls(&["cache.admit", "files.get"])),
    row("reports-create", &["cache.admit", "platform.commit"], Same),
    row("extractions-create", &["cache.admit", "files.get", "platform.commit"], Same),
    row("extraction-settings-get", &["cache.admit", "allowances.settings", "allowances.spent"], Same),
    row(
        "extraction-settings-update",
        &["cache.admit", "allowances.settings", "allowances.put_settings", "allowances.spent"],
        Same,
    ),
    row("jobs-list", &["cache.admit", "jobs.list"], Same),
    row("jobs-get", &["cache.admit", "jobs.get"], Same),
    row(
        "jobs-cancel",
        &["cache.admit", "jobs.get", "platform.commit"],
        Calls(&["cache.admit", "jobs.get", "platform.find_record"]),
    ),
    row(
        "jobs-retry",
        &["cache.admit", "jobs.get", "platform.commit"],
        Calls(&["cache.admit", "jobs.get", "platform.find_record"]),
    ),
    row("jobs-line", &["cache.admit", "jobs.line"], Same),
    row("jobs-pause", &["cache.admit", "jobs.line", "platform.commit"], Same),
    // With one that waits.
    row("jobs-resume", &["cache.admit", "jobs.line", "jobs.get", "platform.commit"], Same),
    row("schedules-create", &["cache.admit", "schedules.list", "platform.commit"], Same),
    row("schedules-list", &["cache.admit", "schedules.list"], Same),
    row("schedules-get", &["cache.admit", "schedules.get"], Same),
    row(
        "schedules-update",
        &["cache.admit", "schedules.get", "platform.commit"],
        Calls(&["cache.admit", "schedules.get"]),
    ),
    row(
        "schedules-delete",
        &["cache.admit", "schedules.get", "platform.commit"],
        Calls(&["cache.admit", "schedules.get"]),
    ),
    row("dead-letters-list", &["cache.admit", "dead_letters.list"], Same),
    row("dead-letters-count", &["cache.admit", "dead_letters.counts"], Same),
    // Of a queue with one.
    row(
        "dead-letters-drain",
        &[
            "limits.count",
            "sessions.get",
            "users.get",
            "platform.find_record",
            "dead_letters.list",
            "dead_letters.get",
            "queues.send_back",
            "platform.commit",
        ],
        Calls(&["limits.count", "sessions.get", "users.get", "platform.find_record"]),
    ),
    row("dead-letters-get", &["cache.admit", "dead_letters.get"], Same),
    row(
        "dead-letters-redrive",
        &[
            "limits.count",
            "sessions.get",
            "users.get",
            "dead_letters.get",
            "platform.find_record",
            "queues.send_back",
            "platform.commit",
        ],
        Calls(&["limits.count", "sessions.get", "users.get", "dead_letters.get", "platform.find_record"]),
    ),
    row("unsubscribe-show", &[], Same),
    row("unsubscribe-create", &["opt_out.is_signed", "mail.refuse"], Same),
    row("settings-refused", &["cache.admit", "mail.refused"], Same),
    row("settings-accept", &["cache.admit", "mail.accept"], Same),
    row("settings-get", &["cache.admit", "mail.settings"], Same),
    row("settings-update", &["cache.admit", "mail.settings", "mail.save_settings"], Same),
    row(
        "webhook-endpoints-create",
        &["limits.count", "sessions.get", "users.get", "endpoints.all", "vault.seal", "platform.commit"],
        Calls(&[
            "limits.count",
            "sessions.get",
            "users.get",
            "endpoints.all",
            "vault.seal",
            "platform.commit",
            "endpoints.get",
            "vault.open",
        ]),
    ),
    row("webhook-endpoints-list", &["cache.admit", "endpoints.list"], Same),
    row("webhook-endpoints-get", &["cache.admit", "endpoints.get"], Same),
    row("webhook-endpoints-update", &["cache.admit", "endpoints.get", "platform.commit"], Same),
    row(
        "webhook-endpoints-delete",
        &["cache.admit", "endpoints.get", "platform.commit"],
        Calls(&["cache.admit", "endpoints.get"]),
    ),
    row(
        "webhook-endpoints-rotate",
        &["limits.count", "sessions.get", "users.get", "endpoints.get", "vault.seal", "platform.commit"],
        Calls(&[
            "limits.count",
            "sessions.get",
            "users.get",
            "endpoints.get",
            "vault.seal",
            "platform.commit",
            "endpoints.get",
            "vault.open",
        ]),
    ),
    row("webhook-endpoints-test", &["cache.admit", "endpoints.get", "platform.commit"], Same),
    row("webhook-endpoints-deliveries", &["cache.admit", "endpoints.get", "deliveries.list"], Same),
    row("webhook-endpoints-replay", &["cache.admit", "events.get", "endpoints.get", "platform.commit"], Same),
    row("health-live", &[], Same),
    row("health-ready", &["tenants.get", "cache.ping"], Same),
];

fn counted(calls: &[&'static str]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(*call).or_default() += 1;
    }
    counts
}

/// What a call costs.
fn cost(world: &World, ask: Ask) -> (Answer, BTreeMap<&'static str, u64>) {
    world.faults.forget_calls();
    let answer = world.call(ask);
    (answer, world.faults.tally())
}

fn row_of(route: &Route) -> &'static Row {
    let row = ROWS.iter().find(|row| row.function == route.function);
    row.unwrap_or_else(|| {
        panic!(
            "{} has no row: add its calls of ports to ROWS in shared/simulation/tests/work_per_call/main.rs",
            route.function
        )
    })
}

#[test]
fn every_route_makes_the_calls_of_its_row() {
    for route in routes::ALL {
        let Row { function, first, again } = row_of(route);
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        world.cache.flush();
        let ask = good_request(route, &furniture).by(furniture.owner());
        let (answer, calls) = cost(&world, ask.clone());
        assert!(answer.is_success(), "{function}: {}", answer.body);
        assert_eq!(calls, counted(first), "{function}, first");
        let expected = match again {
            Same => first,
            Calls(calls) => calls,
        };
        assert_eq!(cost(&world, ask).1, counted(expected), "{function}, again");
    }
    let unknown = ROWS.iter().find(|row| routes::ALL.iter().all(|route| route.function != row.function));
    assert!(unknown.is_none_or(|row| panic!("ROWS has {}, which is no route: remove it", row.function)));
}

#[test]
fn the_page_of_costs_says_the_same() {
    let page = include_str!("../../../../docs/COST.md");
    let listed = |calls: &[&str]| if calls.is_empty() { "none".to_owned() } else { calls.join(", ") };
    for Row { function, first, again } in ROWS {
        let again = match again {
            Same => "the same".to_owned(),
            Calls(calls) => listed(calls),
        };
        let row = format!("| `{function}` | {} | {again} | ", listed(first));
        assert!(page.contains(&row), "docs/COST.md, Routes: its row of {function} has to begin with: {row}");
    }
}

#[test]
fn no_call_costs_more_when_the_tables_hold_more() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    for n in 0..50 {
        world.pay(furniture.owner(), None, 100 + n, "tok_success");
    }
    world.run_until_quiet();
    let owner = world.log_in(&furniture.shop.owner.email).caller;
    for route in routes::ALL.iter().filter(|route| route.method == "GET") {
        world.cache.flush();
        let (answer, calls) = cost(&world, good_request(route, &furniture).by(&owner));
        assert_eq!((answer.is_success(), calls), (true, counted(row_of(route).first)), "{}", route.function);
    }
}

#[test]
fn a_call_that_is_not_let_in_costs_the_admission_at_most() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    for route in routes::ALL.iter().filter(|route| route.access != Access::Public) {
        let (answer, calls) = cost(&world, good_request(route, &furniture).by_nobody());
        assert_eq!((answer.status, calls), (401, counted(&[])), "{}", route.function);
        let nothing = Caller { grant: Grant::Scopes(Vec::new()), ..furniture.owner().clone() };
        let (answer, calls) = cost(&world, good_request(route, &furniture).by(&nothing));
        let is_outside = row_of(route).first.starts_with(LET_IN_OUTSIDE);
        let admission = if is_outside { LET_IN_OUTSIDE } else { ADMITTED };
        assert_eq!((answer.status, calls), (403, counted(admission)), "{}", route.function);
    }
}

#[test]
fn without_a_cache_no_call_asks_it_more_often() {
    for route in routes::ALL {
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        world.cache.set_away(true);
        let (_, calls) = cost(&world, good_request(route, &furniture).by(furniture.owner()));
        assert_eq!(calls, counted(row_of(route).first), "{}", route.function);
    }
}

/// A level of `expand[]` is one batch read, however many items the page has.
#[test]
fn what_is_expanded_costs_a_batch_read_a_level() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    for amount in 1..=10 {
        let order = world.order(furniture.owner(), amount).id();
        world.pay(furniture.owner(), Some(&order), amount, "tok_success");
        world.refund(furniture.owner(), &furniture.payment, 1).ok(202);
    }
    world.run_until_quiet();
    let reader = world.log_in(&furniture.shop.owner.email).caller;
    let payment = format!("/v1/payments/{}", furniture.payment);
    let refunds = format!("{payment}/refunds");
    let orders = "orders.get_many";
    for (path, expand, expected) in [
        (&payment, vec!["order"], vec!["payments.get", "cache.put", orders]),
        (&payment, vec!["order"], vec![orders]),
        (&"/v1/payments".to_owned(), vec!["order"], vec!["payments.list", orders]),
        (&refunds, vec!["order"], vec!["refunds.list", orders]),
        (&refunds, vec!["payment"], vec!["refunds.list", "payments.get_many"]),
        (&refunds, vec!["payment.order"], vec!["refunds.list", "payments.get_many", orders]),
        (&refunds, vec!["payment.order", "order", "payment"], vec!["refunds.list", "payments.get_many", orders]),
    ] {
        if expected.contains(&"cache.put") {
            world.cache.flush();
        }
        let ask = expand.iter().fold(Ask::get(path.as_str()).by(&reader), |ask, path| ask.query("expand[]", path));
        let (answer, calls) = cost(&world, ask);
        let expected = counted(&[ADMITTED, &expected].concat());
        assert_eq!((answer.status, calls), (200, expected), "{path} with {expand:?}");
    }
}

#[test]
fn misses_at_once_share_one_read_and_one_fill() {
    const READERS: u64 = 100;
    const LOOKS_MAX: u64 = 5;
    let world = World::seeded(5);
    let furniture = Furniture::of(&world, "tea");
    let reader = world.log_in(&furniture.shop.owner.email).caller;
    world.cache.flush();
    world.faults.forget_calls();
    let path = format!("/v1/orders/{}", furniture.open_order);
    let answers = together(1, (0..READERS).map(|_| world.calling(Ask::get(path.as_str()).by(&reader))));
    assert!(answers.iter().all(|answer| answer.status == 200));
    let mut calls = world.faults.tally();
    let looks = calls.remove("cache.await_fill").unwrap_or(0);
    assert!((1..=READERS * LOOKS_MAX).contains(&looks), "{looks} looks");
    assert_eq!(calls, BTreeMap::from([("cache.admit", READERS), ("cache.put", 1), ("orders.get", 1)]));
}

#[test]
fn a_contended_commit_is_tried_four_times_and_no_more() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.faults.fail_by_chance("commerce.commit", 1_000, Fault::Contended);
    let (answer, calls) = cost(&world, good_request(&routes::PAYMENTS_CREATE, &furniture).by(furniture.owner()));
    assert_eq!((answer.status, calls["commerce.commit"], calls.len()), (409, 4, 2));
}

/// A closing and the entries after it, however old the account is.
#[test]
fn a_past_balance_is_two_reads() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    let ask = |at| Ask::get(format!("/v1/accounts/{}", furniture.account)).query("at", at);
    world.clock.advance(std::time::Duration::from_secs(80 * 365 * 24 * 60 * 60));
    let owner = world.log_in(&furniture.shop.owner.email).caller;
    let (answer, calls) = cost(&world, ask("2050-01-01T00:00:00Z").by(&owner));
    assert_eq!((answer.status, calls), (200, counted(&["cache.admit", "closings.last", "closings.entries"])));
    let (answer, calls) = cost(&world, ask("2000-01-01T00:00:00Z").by(&owner));
    let expected = ["cache.admit", "closings.last", "closings.entries", "accounts.balance"];
    assert_eq!((answer.status, calls), (200, counted(&expected)), "before there was anything");
}
