//! Password attempts: counted atomically in a window that begins with its first one.

use domain::identity::ATTEMPTS;
use domain::ids::RequestId;
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::identity::{AttemptScope, Attempts, LoginAttempts};
use std::time::Duration;

use crate::builders::email;
use crate::{IdentityTable, World};

fn account(world: &World) -> AttemptScope {
    AttemptScope::Account(email(world.mint()))
}

async fn count(attempts: &dyn LoginAttempts, scope: &AttemptScope, now: Timestamp) -> Attempts {
    attempts.count(scope, now).await.expect("an attempt is counted")
}

pub async fn attempts_are_counted_in_their_window(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let scope = account(&world);
    let start = world.now();
    let window_ends_at = start.plus(ATTEMPTS.window);
    let last_moment = window_ends_at.minus(Duration::from_millis(1));
    for (expected, now) in [(1, start), (2, start), (3, start.plus(Duration::from_secs(60))), (4, last_moment)] {
        assert_eq!(count(table.attempts, &scope, now).await, Attempts { count: expected, window_ends_at });
    }

    let next_end = window_ends_at.plus(ATTEMPTS.window);
    for expected in [1, 2] {
        let told = count(table.attempts, &scope, window_ends_at).await;
        assert_eq!(told, Attempts { count: expected, window_ends_at: next_end }, "a window ends at its end");
    }
    let much_later = next_end.plus(Duration::from_secs(7));
    let told = count(table.attempts, &scope, much_later).await;
    let expected = Attempts { count: 1, window_ends_at: much_later.plus(ATTEMPTS.window) };
    assert_eq!(told, expected, "a window begins with its first attempt");
}

/// An account, another account, an address, its sign-ups and an account of the same text are counted apart.
pub async fn scopes_are_counted_apart(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let email = email(world.mint());
    let as_address = AttemptScope::Address(email.as_str().to_owned());
    let address = AttemptScope::Address(format!("2001:db8::{}", world.id::<RequestId>()));
    let sign_ups = AttemptScope::SignUps(email.as_str().to_owned());
    for scope in [AttemptScope::Account(email), as_address, sign_ups, address, account(&world)] {
        assert_eq!(count(table.attempts, &scope, world.now()).await.count, 1);
    }
}

pub async fn parallel_attempts_are_all_counted(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let scope = account(&world);
    let told = join_all((0..20).map(|_| count(table.attempts, &scope, world.now()))).await;

    let mut counts: Vec<u32> = told.iter().map(|attempts| attempts.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<u32>>());
    let window_ends_at = world.now().plus(ATTEMPTS.window);
    assert!(told.iter().all(|attempts| attempts.window_ends_at == window_ends_at), "one window: {told:?}");
}

/// Parallel attempts after a window's end begin one new window together.
pub async fn parallel_attempts_begin_one_window(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let scope = account(&world);
    count(table.attempts, &scope, world.now()).await;
    let later = world.advance(ATTEMPTS.window + Duration::from_secs(1));
    let told = join_all((0..10).map(|_| count(table.attempts, &scope, later))).await;

    let mut counts: Vec<u32> = told.iter().map(|attempts| attempts.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=10).collect::<Vec<u32>>());
}

pub async fn forgotten_attempts_do_not_count(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (scope, other) = (account(&world), account(&world));
    for scope in [&scope, &scope, &other] {
        count(table.attempts, scope, world.now()).await;
    }
    for _ in 0..2 {
        table.attempts.forget(&scope).await.expect("attempts are forgotten");
    }

    let now = world.advance(Duration::from_secs(5));
    let expected = Attempts { count: 1, window_ends_at: now.plus(ATTEMPTS.window) };
    assert_eq!(count(table.attempts, &scope, now).await, expected);
    assert_eq!(count(table.attempts, &other, now).await.count, 2, "another scope was forgotten");
}
