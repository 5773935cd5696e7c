//! docs/API.md is held to the code: its tables of routes, scopes and events name all there are and no others, and say who may
//! call a route and what it makes of a key.

use std::collections::BTreeSet;

use domain::access::Action;
use domain::event::EventType;
use http_kit::{Access, Route, routes};

use crate::tree::{folder_of, read};

const PAGE: &str = "docs/API.md";
const ROUTES: [&str; 6] = ["route", "least role", "does", "answers", "key", "If-Match"];
const SCOPES: [&str; 3] = ["scope", "least role", "allows"];
const EVENTS: [&str; 3] = ["type", "when", "`data.object`"];

type Row = Vec<String>;

/// The rows of all tables that have this head.
fn rows_under(head: &[&str]) -> Vec<Row> {
    let page = read(PAGE);
    let mut rows = Vec::new();
    let mut is_wanted = None;
    for line in page.lines() {
        let Some(row) = cells(line) else {
            is_wanted = None;
            continue;
        };
        match is_wanted {
            None => is_wanted = Some(row == head),
            Some(is_wanted) if is_wanted && !row.iter().all(|cell| cell == "---") => {
                assert_eq!(row.len(), head.len(), "{PAGE}: a row of another length than its table: {line}");
                rows.push(row);
            }
            Some(_) => {}
        }
    }
    assert!(!rows.is_empty(), "{PAGE} has no table with the head {head:?}");
    rows
}

/// None where the line is of no table.
fn cells(line: &str) -> Option<Row> {
    let inside = line.strip_prefix('|')?.strip_suffix('|')?.replace("\\|", "/");
    Some(inside.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// As the page has it: below the base URL, which ends with the version.
fn written(route: &Route) -> String {
    format!("`{} {}`", route.method, route.path.strip_prefix("/v1").unwrap_or(route.path))
}

fn row_of<'a>(rows: &'a [Row], route: &Route) -> &'a Row {
    let name = written(route);
    let named: Vec<&Row> = rows.iter().filter(|row| row[0] == name).collect();
    let [row] = named[..] else {
        panic!("{PAGE}: {name} is in {} rows of the tables of routes, and has to be in one", named.len())
    };
    row
}

#[test]
fn every_route_is_on_the_page_and_says_who_may_call_it() {
    let rows = rows_under(&ROUTES);
    for route in routes::ALL {
        let least = match route.access {
            Access::Public => "public",
            Access::Granted(action) => action.least_role().as_str(),
        };
        assert_eq!(
            row_of(&rows, route)[1],
            least,
            "{PAGE}, {}: its least role is not what routes.rs says",
            written(route)
        );
    }
    let known: BTreeSet<String> = routes::ALL.iter().map(written).collect();
    let unknown: Vec<&String> = rows.iter().map(|row| &row[0]).filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "{PAGE} has routes that routes.rs does not: {unknown:?}");
}

#[test]
fn every_route_says_what_it_makes_of_a_key_and_a_version() {
    let rows = rows_under(&ROUTES);
    for route in routes::ALL {
        let (noun, verb) = folder_of(route.function);
        let handler = read(&format!("functions/{noun}/{verb}/src/lib.rs"));
        let key = if handler.contains("call.claim()") {
            "required"
        } else if handler.contains("call.optional_claim()") {
            "yes"
        } else {
            "–"
        };
        let row = row_of(&rows, route);
        assert_eq!(row[4], key, "{PAGE}, {}: its handler does something else with Idempotency-Key", written(route));
        let heeds_version = handler.contains("if_match()");
        let expected = if heeds_version { "yes" } else { "–" };
        assert_eq!(row[5], expected, "{PAGE}, {}: whether its handler heeds If-Match", written(route));
    }
}

#[test]
fn every_scope_is_on_the_page_with_its_least_role() {
    let told: BTreeSet<(String, String)> =
        rows_under(&SCOPES).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let granted = |action: &Action| (format!("`{}`", action.scope()), action.least_role().as_str().to_owned());
    let known: BTreeSet<(String, String)> = Action::ALL.iter().map(granted).collect();
    assert_eq!(told, known, "{PAGE}, Roles and scopes: one row for each scope and role of domain::access");
}

#[test]
fn every_public_event_is_on_the_page_and_no_other() {
    let rows = rows_under(&EVENTS);
    let told: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(told.len(), rows.len(), "{PAGE}, Event types: a type is there twice");
    let public = EventType::ALL.iter().filter(|kind| kind.is_public());
    let known: BTreeSet<String> = public.map(|kind| format!("`{}`", kind.as_str())).collect();
    assert_eq!(told, known, "{PAGE}, Event types: one row for each type that tenants are told of");
}
