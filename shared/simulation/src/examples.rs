//! One good request for every route, on a furnished shop. The generated tests (who may call, whose ids are found, how much
//! work a call is, what a second call does) ask these: a new route gets its line here and all of them.

use http_kit::Route;
use serde_json::json;

use crate::ask::Ask;
use crate::files::file_body;
use crate::furniture::{Furniture, order_body, payment_body, statement_body};
use crate::jobs::{report_body, schedule_body};
use crate::people::PASSWORD;

/// The request by nobody: the test says who calls. Routes that take an `Idempotency-Key` get one.
pub fn good_request(route: &Route, on: &Furniture) -> Ask {
    let Furniture { shop, member, open_order, paid_order, payment, authorized, unwanted, dispute, .. } = on;
    let Furniture {
        account,
        wallet,
        event,
        file,
        attached,
        job,
        failed_job,
        dead_letter,
        schedule,
        endpoint,
        provider_event,
        statement,
        opt_out,
        refused,
        ..
    } = on;
    let id = match route.function {
        "sessions-delete" => &member.session,
        "users-get" | "users-update" | "users-delete" => &member.user,
        "orders-get" | "orders-cancel" | "orders-files" | "orders-attach" | "orders-detach" => open_order,
        "orders-fulfil" => paid_order,
        "payments-capture" => authorized,
        "disputes-get" | "disputes-answer" => dispute,
        "payments-cancel" => unwanted,
        "payments-get" | "payments-receipt" | "refunds-create" | "refunds-list" => payment,
        "accounts-get" | "accounts-entries" => *account,
        "wallets-get" => wallet,
        "statements-get" | "statements-differences" => statement,
        "events-get" => event,
        "files-get" | "files-delete" => file,
        "jobs-get" | "jobs-cancel" => job,
        "jobs-retry" => failed_job,
        "dead-letters-get" | "dead-letters-redrive" => dead_letter,
        "settings-accept" => refused,
        "schedules-get" | "schedules-update" | "schedules-delete" => schedule,
        name if name.starts_with("webhook-endpoints-") => endpoint,
        _ => "",
    };
    let file_id = if route.function == "orders-attach" { file } else { attached };
    let path = route.path.replace("{id}", id).replace("{file_id}", file_id).replace("{name}", "sandbox");
    let ask = Ask::new(route.method, path);
    let key = format!("good-{}", route.function);
    match route.function {
        "tenants-create" => {
            let owner = json!({ "name": "Nora New", "email": "nora@new.example", "password": PASSWORD });
            ask.json(&json!({ "name": "New shop", "owner": owner }))
        }
        "sessions-create" => ask.json(&json!({ "email": shop.owner.email, "password": PASSWORD })),
        "sessions-refresh" => ask.json(&json!({ "refresh_token": shop.owner.refresh_token })),
        "users-create" => {
            let user = json!({ "email": "v@new.example", "name": "Vi", "role": "viewer", "password": PASSWORD });
            ask.json(&user).key(&key)
        }
        "users-update" => ask.json(&json!({ "name": "Renamed" })),
        "orders-create" => ask.json(&order_body(Furniture::TOTAL)).key(&key),
        "orders-cancel" | "orders-fulfil" => ask.key(&key),
        "payments-create" => ask.json(&payment_body(Some(open_order), Furniture::TOTAL, "tok_success")).key(&key),
        "wallets-create" => ask.json(&json!({ "currency": "EUR", "metadata": { "tier": "gold" } })).key(&key),
        "payments-bulk" => {
            let of_order = payment_body(Some(open_order), Furniture::TOTAL, "tok_success");
            ask.json(&json!({ "payments": [of_order, payment_body(None, 700, "tok_success")] })).key(&key)
        }
        "settings-update" => {
            ask.json(&json!({ "from_name": "The Tea Room", "reply_to": "help@tea.example", "off": ["dispute"] }))
        }
        "files-create" => ask.json(&file_body("good.pdf")).key(&key),
        "unsubscribe-show" | "unsubscribe-create" => ask.query("token", opt_out),
        "reports-create" => ask.json(&report_body("ledger")).key(&key),
        "extractions-create" => ask.json(&json!({ "file_id": file })).key(&key),
        "extraction-settings-update" => ask.json(&json!({ "tokens_per_month": 10_000, "cost_per_month": 100 })),
        "jobs-cancel" | "jobs-retry" | "jobs-pause" | "jobs-resume" | "dead-letters-redrive" => ask.key(&key),
        "schedules-create" => ask.json(&schedule_body("0 6 * * *")).key(&key),
        "schedules-update" => ask.json(&json!({ "status": "paused" })),
        "dead-letters-drain" => ask.json(&json!({ "queue": "payments" })).key(&key),
        "payments-capture" => ask.json(&json!({ "amount": Furniture::TOTAL })).key(&key),
        "payments-cancel" => ask.key(&key),
        "disputes-answer" => ask.json(&json!({ "evidence": "The parcel was signed for" })).key(&key),
        "providers-ingest" => provider_event.clone(),
        "providers-connect" => ask.json(&json!({ "rank": "first" })),
        "webhook-endpoints-create" => {
            let body = json!({ "url": "https://hooks.shop.example/payments", "types": ["payment.*"], "ordered": true });
            ask.json(&body).key(&key)
        }
        "webhook-endpoints-update" => ask.json(&json!({ "description": "Warehouse" })),
        "webhook-endpoints-rotate" | "webhook-endpoints-test" => ask.key(&key),
        "webhook-endpoints-replay" => ask.json(&json!({ "event_id": event })).key(&key),
        "statements-create" => {
            let line = json!({ "reference": payment, "kind": "charge", "amount": Furniture::TOTAL, "currency": "EUR" });
            ask.json(&statement_body("2000-01-01T00:00:00Z", "2000-02-01T00:00:00Z", &[line])).key(&key)
        }
        "refunds-create" => ask.json(&json!({ "amount": 100, "reason": "Broken" })).key(&key),
        "tenants-get"
        | "sessions-delete"
        | "well-known-jwks"
        | "well-known-metadata"
        | "users-list"
        | "users-get"
        | "users-delete"
        | "orders-list"
        | "orders-get"
        | "orders-files"
        | "orders-attach"
        | "orders-detach"
        | "payments-list"
        | "payments-get"
        | "payments-receipt"
        | "refunds-list"
        | "disputes-list"
        | "disputes-get"
        | "providers-list"
        | "providers-get"
        | "providers-disconnect"
        | "accounts-list"
        | "accounts-get"
        | "accounts-entries"
        | "wallets-list"
        | "wallets-get"
        | "fees-get"
        | "statements-list"
        | "statements-get"
        | "statements-differences"
        | "events-list"
        | "events-get"
        | "extraction-settings-get"
        | "files-list"
        | "files-get"
        | "files-delete"
        | "jobs-list"
        | "jobs-get"
        | "jobs-line"
        | "schedules-list"
        | "schedules-get"
        | "schedules-delete"
        | "dead-letters-list"
        | "dead-letters-count"
        | "dead-letters-get"
        | "settings-get"
        | "settings-refused"
        | "settings-accept"
        | "webhook-endpoints-list"
        | "webhook-endpoints-get"
        | "webhook-endpoints-delete"
        | "webhook-endpoints-deliveries"
        | "health-live"
        | "health-ready" => ask,
        new => panic!("{new} has no good request: give it one in shared/simulation/src/examples.rs"),
    }
}
