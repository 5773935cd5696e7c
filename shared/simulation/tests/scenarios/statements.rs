//! C7: a provider's statement is matched with the ledger, and what differs is told. Nothing is booked by it.

use std::time::Duration;

use coffer_simulation::Ask;
use domain::connection::COUNTS_AFTER;
use domain::ids::{PaymentId, TenantId, TransactionId};
use domain::ledger::{TransactionIds, post_charge};
use domain::money::{Amount, Currency, Money};
use domain::payment::{Capture, Method, NewPayment, Payment};
use domain::secret::Secret;
use ports::clock::Clock as _;
use ports::commerce::{Change, Commerce as _, Commit};
use serde_json::{Value, json};

use super::Scene;

fn line(reference: &str, kind: &str, amount: i64) -> Value {
    json!({ "reference": reference, "kind": kind, "amount": amount, "currency": "EUR" })
}

/// What the provider calls a payment.
fn name_of(scene: &Scene, payment: &str) -> String {
    let id = payment.parse().expect("an id");
    let found = scene.world.store.contents().payments.into_iter().find(|payment| payment.id == id);
    found.and_then(|payment| payment.provider_reference).expect("the provider has given it a name")
}

/// The statement once it is matched; a moment later, so that what was done is in its period.
fn matched(scene: &Scene, lines: &[Value]) -> Value {
    scene.world.clock.advance(Duration::from_secs(1));
    let id = scene.world.state(&scene.owner_now(), lines).id();
    scene.world.settle();
    scene.world.show(&scene.owner_now(), &format!("/v1/statements/{id}"))
}

/// Its differences: kind, the line's number, what the ledger has of it.
fn differences(scene: &Scene, statement: &Value) -> Vec<(String, Option<i64>, Option<i64>)> {
    let path = format!("/v1/statements/{}/differences", statement["id"].as_str().unwrap_or_default());
    let shown = scene.world.call(Ask::get(path).query("limit", "100").by(&scene.owner_now())).ok(200).json;
    let all = shown["data"].as_array().cloned().unwrap_or_default();
    let told = |it: &Value| {
        let kind = it["kind"].as_str().unwrap_or_default().to_owned();
        (kind, it["line"]["number"].as_i64(), it["ledger"]["amount"].as_i64())
    };
    all.iter().map(told).collect()
}

fn told(kind: &str, line: Option<i64>, ledger: Option<i64>) -> (String, Option<i64>, Option<i64>) {
    (kind.to_owned(), line, ledger)
}

#[test]
fn c7_what_is_right_wrong_unknown_and_left_out() {
    let scene = Scene::new();
    let [right, wrong, left_out] = [500, 700, 900].map(|amount| scene.world.paid(scene.owner(), amount));
    let refund = scene.world.refund(scene.owner(), &right, 200).ok(202).id();
    scene.world.run_until_quiet();
    let before = scene.world.store.contents().balances;
    let statement = matched(
        &scene,
        &[
            line(&name_of(&scene, &right), "charge", 500),
            line(&wrong, "charge", 699),
            line("ch_unknown", "charge", 50),
            line(&format!("{refund}-1"), "refund", -200),
            line("fee_1", "fee", -14),
            line(&right, "charge", 500),
        ],
    );
    assert_eq!(statement["status"], "succeeded");
    let counts = json!({
        "matched": 2, "not_compared": 1, "missing_in_ledger": 1, "missing_at_provider": 1, "amount_differs": 1,
        "currency_differs": 0, "duplicate_line": 1, "not_final": 0,
    });
    assert_eq!(statement["counts"], counts);
    let expected = [
        told("missing_in_ledger", Some(3), None),
        told("missing_at_provider", None, Some(900)),
        told("amount_differs", Some(2), Some(700)),
        told("duplicate_line", Some(6), Some(500)),
    ];
    assert_eq!(differences(&scene, &statement), expected);
    let path = format!("/v1/statements/{}/differences", statement["id"].as_str().expect("an id"));
    let missing = scene.world.show(&scene.owner_now(), &path)["data"][1]["ledger"].clone();
    assert_eq!((&missing["payment_id"], &missing["object_id"]), (&json!(left_out), &Value::Null));
    assert_eq!(scene.world.store.contents().balances, before, "a statement moves no money");
    scene.comes_to_rest();
}

#[test]
fn c7_differences_are_read_page_by_page_and_by_kind() {
    let scene = Scene::new();
    for amount in 1..=5 {
        scene.world.paid(scene.owner(), amount);
    }
    let unknown: Vec<Value> = (0..3).map(|n| line(&format!("ch_{n}"), "charge", 1)).collect();
    let statement = matched(&scene, &unknown);
    let path = format!("/v1/statements/{}/differences", statement["id"].as_str().expect("an id"));
    let all = |kind: Option<&str>, limit: &str| {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut ask = Ask::get(path.as_str()).query("limit", limit).by(&scene.owner_now());
            ask = kind.into_iter().fold(ask, |ask, kind| ask.query("kind", kind));
            ask = cursor.iter().fold(ask, |ask, cursor| ask.query("cursor", cursor));
            let page = scene.world.call(ask).ok(200).json;
            found.extend(page["data"].as_array().cloned().unwrap_or_default());
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return found;
            }
        }
    };
    let everything = all(None, "100");
    assert_eq!(everything.len(), 8);
    for limit in ["1", "2", "3", "8"] {
        assert_eq!(all(None, limit), everything, "by pages of {limit}");
        assert_eq!(all(Some("missing_in_ledger"), limit), everything[..3]);
        assert_eq!(all(Some("missing_at_provider"), limit), everything[3..]);
        assert_eq!(all(Some("not_final"), limit), Vec::<Value>::new());
    }
    let ask = |name, value| Ask::get(path.as_str()).query(name, value).by(&scene.owner_now());
    scene.world.call(ask("kind", "missing")).refused(400, "invalid_fields");
    scene.world.call(ask("cursor", "x")).refused(400, "invalid_fields");
    assert_eq!(scene.world.call(ask("cursor", "4294967295")).ok(200).json["data"], json!([]));
}

/// A provider takes the money when a dispute opens; we book it to clearing only when the dispute is lost.
#[test]
fn c7_a_dispute_is_matched_with_its_opening() {
    for (evidence, reversal) in [("losing_evidence", false), ("winning_evidence", true), ("a reply", false)] {
        let scene = Scene::new();
        let payment = scene.world.pay(scene.owner(), None, 1_000, "tok_dispute").id();
        scene.world.run_until_quiet();
        scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &payment, "evt_1")).ok(200);
        scene.world.run_until_quiet();
        let dispute = scene.world.store.contents().disputes[0].clone();
        let path = format!("/v1/disputes/{}/answer", dispute.id);
        scene.world.call(Ask::post(path, &json!({ "evidence": evidence })).by(&scene.owner_now())).ok(202);
        scene.world.run_until_quiet();

        let name = dispute.provider_reference.as_str();
        let mut lines = vec![line(&payment, "charge", 1_000), line(name, "dispute", -1_000)];
        let statement = matched(&scene, &lines);
        let left_out = if reversal { vec![told("missing_at_provider", None, Some(1_000))] } else { Vec::new() };
        assert_eq!(differences(&scene, &statement), left_out, "{evidence}");
        lines.push(line(&dispute.id.to_string(), "dispute_reversal", 1_000));
        let statement = matched(&scene, &lines);
        let expected = match (evidence, reversal) {
            (_, true) => Vec::new(),
            ("losing_evidence", _) => vec![told("missing_in_ledger", Some(3), None)],
            _ => vec![told("not_final", Some(3), None)],
        };
        assert_eq!(differences(&scene, &statement), expected, "{evidence}");
        scene.comes_to_rest();
    }
}

#[test]
fn c7_what_is_under_way_is_not_final_and_what_failed_is_missing() {
    let scene = Scene::new();
    let authorized = scene.world.authorize_payment(scene.owner(), None, 1_000, "tok_success").id();
    let declined = scene.world.pay(scene.owner(), None, 300, "tok_declined_do_not_honor").id();
    let paid = scene.world.paid(scene.owner(), 500);
    scene.world.refusals.take_time(true);
    scene.world.refund(scene.owner(), &paid, 100).ok(202);
    scene.world.settle();
    let refund = scene.world.store.contents().refunds[0].provider_reference.clone().expect("it is on its way");
    let statement = matched(
        &scene,
        &[
            line(&name_of(&scene, &authorized), "charge", 1_000),
            line(&format!("{authorized}-1"), "charge", 1_000),
            line(&declined, "charge", 300),
            line(&paid, "charge", 500),
            line(&refund, "refund", -100),
            line(&refund, "charge", 100),
        ],
    );
    let expected = [
        told("missing_in_ledger", Some(3), None),
        told("missing_in_ledger", Some(6), None),
        told("duplicate_line", Some(2), None),
        told("not_final", Some(1), None),
        told("not_final", Some(5), None),
    ];
    assert_eq!(differences(&scene, &statement), expected);
    scene.world.refusals.take_time(false);
}

#[test]
fn c7_what_no_provider_has_part_in_is_none_of_its_statement() {
    let scene = Scene::new();
    let wallet = scene.world.wallet(scene.owner(), "EUR");
    let top_up = scene.world.top_up(scene.owner(), &wallet, 800, "tok_success").id();
    scene.world.run_until_quiet();
    let spent = scene.world.call(scene.world.wallet_payment(&wallet, None, 300).by(scene.owner())).ok(202).id();
    scene.world.run_until_quiet();
    scene.world.refund(scene.owner(), &spent, 100).ok(202);
    scene.world.run_until_quiet();
    let statement = matched(&scene, &[line(&top_up, "charge", 800)]);
    assert_eq!((&statement["counts"]["matched"], differences(&scene, &statement)), (&json!(1), Vec::new()));
    let statement = matched(&scene, &[line(&top_up, "charge", 800), line(&spent, "charge", 300)]);
    assert_eq!(differences(&scene, &statement), [told("missing_in_ledger", Some(2), None)]);
    scene.comes_to_rest();
}

#[test]
fn c7_another_provider_s_payments_are_neither_missed_nor_matched() {
    let scene = Scene::new();
    scene.world.connect_second(scene.owner(), "second");
    scene.world.clock.advance(COUNTS_AFTER);
    let first = scene.world.paid(scene.owner(), 500);
    scene.world.provider.set_away(true);
    let second = scene.world.paid(scene.owner(), 700);
    scene.world.provider.set_away(false);
    let statement = matched(&scene, &[line(&first, "charge", 500)]);
    assert_eq!(differences(&scene, &statement), []);
    let statement = matched(&scene, &[line(&first, "charge", 500), line(&second, "charge", 700)]);
    assert_eq!(differences(&scene, &statement), [told("missing_in_ledger", Some(2), None)], "it never had that one");
    let statement = matched(&scene, &[line("fee_1", "fee", -1)]);
    assert_eq!(differences(&scene, &statement), [told("missing_at_provider", None, Some(500))]);
}

#[test]
fn c7_only_its_period_and_currency_are_looked_at() {
    let scene = Scene::new();
    let in_time = |scene: &Scene| {
        scene.world.clock.advance(Duration::from_secs(10));
        api::rfc3339(scene.world.clock.now())
    };
    let early = scene.world.paid(scene.owner(), 100);
    let from = in_time(&scene);
    scene.world.clock.advance(Duration::from_secs(10));
    scene.world.paid(scene.owner(), 200);
    let to = in_time(&scene);
    scene.world.clock.advance(Duration::from_secs(10));
    scene.world.paid(scene.owner(), 300);
    for (currency, expected) in [(None, 1), (Some("EUR"), 1), (Some("USD"), 0)] {
        // What a line names is found whenever it was posted.
        let lines = [line(&early, "charge", 100)];
        let body = json!({ "provider": "sandbox", "from": from, "to": to, "currency": currency, "lines": lines });
        let ask = Ask::post("/v1/statements", &body).key(&scene.world.new_key());
        let id = scene.world.call(ask.by(&scene.owner_now())).ok(202).id();
        scene.world.settle();
        let statement = scene.world.show(&scene.owner_now(), &format!("/v1/statements/{id}"));
        assert_eq!(statement["counts"]["matched"], 1, "{currency:?}");
        let missed = vec![told("missing_at_provider", None, Some(200)); expected];
        assert_eq!(differences(&scene, &statement), missed, "{currency:?}");
    }
}

#[test]
fn c7_a_period_with_too_much_in_it_is_not_matched() {
    let scene = Scene::new();
    let tenant: TenantId = scene.shop.tenant.parse().expect("an id");
    let money = Money { amount: Amount::new(1).expect("valid"), currency: Currency::parse("EUR").expect("valid") };
    let now = scene.world.clock.now();
    for _ in 0..=domain::statement::MOVEMENTS_MAX {
        let input = NewPayment {
            order: None,
            money,
            method: Method::Card { token: Secret::new("tok_success") },
            top_up: None,
            capture: Capture::Automatic,
            description: None,
            metadata: domain::metadata::Metadata::default(),
        };
        let payment = Payment::new(scene.world.id::<PaymentId>(), tenant, input, now);
        let transaction = scene.world.id::<TransactionId>();
        let ids = TransactionIds { transaction, entries: [scene.world.id(), scene.world.id(), scene.world.id()] };
        let changes = vec![Change::Post(post_charge(&payment, money.amount, ids, now))];
        let commit = Commit { tenant, record: None, changes, events: Vec::new(), now };
        coffer_simulation::run(scene.world.store.commit(commit)).expect("posted");
    }
    let statement = matched(&scene, &[line("ch_1", "charge", 1)]);
    assert_eq!((&statement["status"], &statement["failure"]), (&json!("failed"), &json!("too_many_transactions")));
    assert_eq!((&statement["counts"], differences(&scene, &statement)), (&Value::Null, Vec::new()));
}

/// Its queue has lost it: the sweeper is what is left.
#[test]
fn c7_a_statement_that_its_queue_has_lost_is_matched_by_the_sweeper() {
    let scene = Scene::new();
    let paid = scene.world.paid(scene.owner(), 500);
    scene.world.clock.advance(Duration::from_secs(1));
    let id = scene.world.state(&scene.owner_now(), &[line(&paid, "charge", 500)]).id();
    drop(scene.world.take(coffer_simulation::Consumer::OutboxPublish));
    let event = scene.world.store.contents().unpublished;
    assert!(!event.is_empty());
    let path = format!("/v1/statements/{id}");
    assert_eq!(scene.world.show(&scene.owner_now(), &path)["status"], "processing");
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("{path}/differences"))["data"], json!([]));
    scene.world.clock.advance(domain::statement::CHECK_AFTER);
    scene.world.sweep().expect("nothing fails");
    assert_eq!(scene.world.show(&scene.owner_now(), &path)["counts"]["matched"], 1);
    scene.comes_to_rest();
}
