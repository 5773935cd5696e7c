//! Dead letters: kept once, by version, listed by queue while they wait, counted, and found for operators.

use domain::dead_letter::{About, Burial, DeadLetter};
use domain::event::Queue;
use domain::ids::TenantId;
use ports::clock::Clock;
use ports::platform::PlatformChange;

use crate::pages::assert_lists;
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

pub async fn those_that_wait_are_listed_counted_and_found(table: PlatformTable<'_>, seed: u128) {
    const MANY: usize = 1_000;
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut letters = Vec::new();
    for (queue, subject) in
        [(Queue::Payments, "a"), (Queue::Webhooks, "b"), (Queue::Payments, "c"), (Queue::Payments, "d")]
    {
        world.advance(std::time::Duration::from_millis(1));
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
    let waiting = table.letters.waiting(world.now(), MANY).await.expect("found");
    let of_tenant: Vec<_> = waiting.into_iter().filter(|(of, _)| *of == tenant).map(|(_, id)| id).collect();
    assert_eq!(of_tenant, [letters[0].id, letters[1].id, letters[3].id]);
    let before = world.now().minus(std::time::Duration::from_secs(1));
    let waiting = table.letters.waiting(before, MANY).await.expect("found");
    assert!(waiting.iter().all(|(of, _)| *of != tenant), "none has died then");
}
