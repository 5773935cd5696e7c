//! Dead letters: kept once, by version, listed by queue while they wait, counted, and found for operators.

use std::time::Duration;

use domain::dead_letter::{About, Burial, DeadLetter, Death};
use domain::event::Queue;
use domain::ids::{DeadLetterId, TenantId};
use domain::page::PageRequest;
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::platform::PlatformChange;

use crate::pages::{assert_lists, limit};
use crate::platform::{Outcome, changes, commit, write};
use crate::{PlatformTable, World};

fn burial(world: &World, tenant: TenantId, queue: Queue, subject: &str) -> Burial {
    let about = About {
        tenant,
        kind: "payment.created".to_owned(),
        subject: subject.to_owned(),
        made_at: world.now(),
        trace: Some("Root=1-2".to_owned()),
    };
    let (body, reason) = (format!("{{\"{tenant}\":\"{subject}\"}}"), Some("no lück".to_owned()));
    Burial { queue, body, about: Some(about), reason, receive_count: Some(3) }
}

async fn create(table: PlatformTable<'_>, world: &World, letter: &DeadLetter) {
    let change = PlatformChange::CreateDeadLetter(letter.clone());
    write(table.platform, changes(letter.tenant, [change], world.now())).await;
}

async fn update(table: PlatformTable<'_>, world: &World, letter: &DeadLetter) {
    let change = PlatformChange::UpdateDeadLetter(letter.clone());
    write(table.platform, changes(letter.tenant, [change], world.now())).await;
}

pub async fn a_dead_letter_is_kept_once_and_changed_by_its_version(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let letter = DeadLetter::new(burial(&world, tenant, Queue::Payments, "pay_1"), now);
    create(table, &world, &letter).await;
    let stored = async || table.letters.get(tenant, letter.id).await.expect("a letter is read");
    assert_eq!(stored().await.as_ref(), Some(&letter));
    let one = |change| changes(tenant, [change], now);
    assert_eq!(commit(table.platform, one(PlatformChange::CreateDeadLetter(letter.clone()))).await, Outcome::Stale);
    let redriven = letter.redrive(now).expect("it waits");
    update(table, &world, &redriven).await;
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateDeadLetter(redriven.clone()))).await, Outcome::Stale);
    assert_eq!(stored().await, Some(redriven));
    assert_eq!(table.letters.get(world.tenant(), letter.id).await.expect("read"), None, "another tenant's");
    let strange =
        Burial { about: None, reason: None, receive_count: None, body: letter.id.to_string(), queue: Queue::Files };
    let strange = DeadLetter::new(strange, now);
    create(table, &world, &strange).await;
    assert_eq!(table.letters.get(strange.tenant, strange.id).await.expect("read"), Some(strange));
}

pub async fn those_that_wait_are_listed_and_counted(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut letters = Vec::new();
    for (queue, subject) in
        [(Queue::Payments, "a"), (Queue::Webhooks, "b"), (Queue::Payments, "c"), (Queue::Payments, "d")]
    {
        world.advance(Duration::from_millis(1));
        let letter = DeadLetter::new(burial(&world, tenant, queue, subject), world.now());
        create(table, &world, &letter).await;
        letters.push(letter);
    }
    letters[2] = letters[2].redrive(world.now()).expect("it waits");
    update(table, &world, &letters[2]).await;
    let newest_first: Vec<DeadLetter> = letters.iter().rev().cloned().collect();
    assert_lists("dead letters", &newest_first, async |page| table.letters.list(tenant, None, page).await).await;
    let of_payments = [letters[3].clone(), letters[0].clone()];
    let list = async |page| table.letters.list(tenant, Some(Queue::Payments), page).await;
    assert_lists("dead letters of a queue", &of_payments, list).await;
    let counts = table.letters.counts(tenant).await.expect("counted");
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(Queue::Payments, 2), (Queue::Webhooks, 1)]);
    // More than a page of DynamoDB holds, which is a megabyte.
    let tenant = world.tenant();
    for number in 0..5 {
        let burial = burial(&world, tenant, Queue::Files, &number.to_string());
        let burial = Burial { body: format!("{number}{}", "x".repeat(250_000)), ..burial };
        create(table, &world, &DeadLetter::new(burial, world.now())).await;
    }
    let counts = table.letters.counts(tenant).await.expect("counted");
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(Queue::Files, 5)]);
}

pub async fn those_that_wait_are_found_page_by_page(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenants = [(); 3].map(|()| world.tenant());
    let mut letters = Vec::new();
    for (number, tenant) in tenants.into_iter().cycle().take(9).enumerate() {
        // Three die at one moment.
        if number % 3 == 0 {
            world.advance(Duration::from_millis(1));
        }
        let letter = DeadLetter::new(burial(&world, tenant, Queue::Payments, &number.to_string()), world.now());
        create(table, &world, &letter).await;
        letters.push(letter);
    }
    let redriven = letters.remove(4).redrive(world.now()).expect("it waits");
    update(table, &world, &redriven).await;
    let (first, last) = (letters[0].died_at, letters[letters.len() - 1].died_at);
    letters.sort_by_key(death);
    let places = |until| {
        let letters = letters.iter().filter(move |letter| letter.died_at <= until);
        letters.map(|letter| (letter.tenant, letter.id)).collect::<Vec<_>>()
    };
    // Letters of other tests may be between these.
    let found = async |until, after, size| {
        let mut found = found(table, until, after, size).await;
        found.retain(|(tenant, _)| tenants.contains(tenant));
        found
    };
    let before_all = Death { at: first.minus(Duration::from_millis(1)), id: DeadLetterId::from_u128(u128::MAX) };
    for size in [1, 2, 8, 100] {
        assert_eq!(found(last, before_all, size).await, places(last), "by {size}");
    }
    let up_to = letters[0].died_at;
    assert_eq!(found(up_to, before_all, 2).await, places(up_to));
    assert_eq!(found(up_to, death(&letters[7]), 2).await, [], "it begins behind where it ends");
}

fn death(letter: &DeadLetter) -> Death {
    Death { at: letter.died_at, id: letter.id }
}

/// Page by page.
async fn found(table: PlatformTable<'_>, until: Timestamp, after: Death, size: i64) -> Vec<(TenantId, DeadLetterId)> {
    let (mut found, mut after) = (Vec::new(), Some(after));
    while after.is_some() {
        let page = table.letters.waiting(until, PageRequest { limit: limit(size), after }).await.expect("found");
        assert!(page.next.is_none() || page.items.len() == limit(size).get(), "a page that is not the last is full");
        found.extend(page.items);
        after = page.next;
    }
    found
}
