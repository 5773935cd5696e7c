//! C3: the balance of an account at a past time, and the closings that keep it cheap.

use std::time::Duration;

use api::rfc3339;
use coffer_simulation::{Answer, Ask, Consumer};
use domain::event::Queue;
use domain::ids::EntryId;
use domain::time::Timestamp;
use memory::Tampering;
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::Scene;

const ACCOUNT: &str = "/v1/accounts/acc_merchant_eur";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn ask(scene: &Scene, path: &str, at: &str) -> Answer {
    scene.world.call(Ask::get(path).query("at", at).by(&scene.owner_now()))
}

fn at(scene: &Scene, at: &str) -> Value {
    ask(scene, ACCOUNT, at).ok(200).json
}

#[test]
fn c3_a_balance_at_a_past_time_is_what_was_posted_until_then() {
    let scene = Scene::new();
    let began = scene.world.clock.now();
    let mut moments = vec![(rfc3339(began), 0)];
    let mut posted = 0;
    for amount in [100, 250, 400] {
        scene.world.clock.advance(HOUR);
        scene.world.paid(&scene.owner_now(), amount);
        let just_before = Timestamp::from_ms(scene.world.clock.now().as_ms() - 1);
        moments.push((rfc3339(just_before), posted));
        posted += amount;
        moments.push((rfc3339(scene.world.clock.now()), posted));
    }
    // Before anything is closed, and after.
    for day in 0..3 {
        for (moment, posted) in &moments {
            let shown = at(&scene, moment);
            assert_eq!(shown["posted_amount"], *posted, "at {moment}, after {day} days");
            assert_eq!((&shown["as_of"], &shown["pending_amount"]), (&json!(moment), &Value::Null));
        }
        scene.world.clock.advance(24 * HOUR);
        scene.world.minute();
    }
    assert!(!scene.world.store.contents().closings.is_empty(), "nothing is closed");
    scene.comes_to_rest();
}

#[test]
fn c3_the_future_is_refused_and_an_account_that_never_was_is_not_found() {
    let scene = Scene::new();
    scene.world.paid(scene.owner(), 100);
    let refused = ask(&scene, ACCOUNT, "2999-01-01T00:00:00Z");
    assert_eq!((refused.status, refused.text("/errors/0/code").as_str()), (400, "in_the_future"));
    let unknown = ask(&scene, "/v1/accounts/acc_merchant_usd", "2000-01-01T00:00:00Z");
    assert_eq!(unknown.status, 404);
    scene.comes_to_rest();
}

/// The consumer of the journal closes accounts when a tenant has posted so much more.
#[test]
fn c3_a_busy_account_is_closed_while_it_is_posted_to() {
    let scene = Scene::new();
    let mut moments = Vec::new();
    for round in 0..6 {
        for n in 0..100 {
            scene.world.pay(&scene.owner_now(), None, 1 + n, "tok_success");
        }
        while scene.world.deliver(Consumer::OutboxPublish) && !scene.world.work(Queue::Payments).is_empty() {}
        scene.world.run_until_quiet();
        moments.push((scene.world.clock.now(), (round + 1) * 5_050));
        scene.world.clock.advance(HOUR);
    }
    let closings = scene.world.store.contents().closings;
    let of_merchant: Vec<u64> = closings
        .iter()
        .filter(|(_, closing)| closing.account.to_string() == "acc_merchant_eur")
        .map(|(_, closing)| closing.tally.count)
        .collect();
    assert!(of_merchant.len() >= 2, "600 transactions have closed the account at {of_merchant:?}");
    for (moment, posted) in moments {
        assert_eq!(at(&scene, &rfc3339(moment))["posted_amount"], posted);
    }
    scene.comes_to_rest();
}

#[test]
fn c6_a_closing_that_is_not_the_sum_of_its_entries_is_named() {
    let scene = Scene::new();
    let tenant = scene.owner().tenant;
    scene.world.paid(scene.owner(), 100);
    scene.world.clock.advance(24 * HOUR);
    scene.world.minute();
    let (_, closing) = scene.world.store.contents().closings[0];
    scene.world.clock.advance(HOUR);
    assert_eq!(scene.world.ledger_faults(tenant), Vec::<String>::new());
    let mut wrong = closing;
    wrong.tally.sum += 1;
    let mut elsewhere = closing;
    elsewhere.upto = EntryId::from_u128(closing.upto.as_u128() + 1);
    for forged in [wrong, elsewhere] {
        scene.world.store.tamper(Tampering::Closing(tenant, forged));
        let told = format!("the closing of {} at {} is not the sum of its entries", forged.account, forged.upto);
        let faults = scene.world.ledger_faults(tenant);
        assert!(faults.contains(&told), "{faults:?}");
    }
}
