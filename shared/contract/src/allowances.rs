//! What tenants spend on models: reserved below a cap, settled once, and counted by month.

use domain::allowance::{ExtractionSettings, Month, Spending};
use domain::ids::TenantId;
use domain::job::Taking;
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::{PlatformChange, PlatformCommit};

use crate::builders::{job, record};
use crate::platform::{Outcome, changes, commit};
use crate::{PlatformTable, World};

fn month() -> Month {
    Month::of(Timestamp::from_ms(1_800_000_000_000))
}

fn of(tokens: u64, micro_dollars: u64) -> Spending {
    Spending { tokens, micro_dollars }
}

fn reserve(tenant: TenantId, spending: Spending, cap: Spending) -> PlatformChange {
    PlatformChange::Reserve { tenant, month: month(), spending, cap }
}

async fn spent(table: PlatformTable<'_>, tenant: TenantId) -> Spending {
    table.allowances.spent(tenant, month()).await.expect("what was spent is read")
}

pub async fn what_is_reserved_stays_within_the_cap(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now, cap) = (world.tenant(), world.now(), of(100, 50));
    let ask = async |spending| commit(table.platform, changes(tenant, [reserve(tenant, spending, cap)], now)).await;
    assert_eq!(spent(table, tenant).await, of(0, 0));
    for (spending, expected, sum) in [
        (of(101, 1), Outcome::Exhausted, of(0, 0)),
        (of(1, 51), Outcome::Exhausted, of(0, 0)),
        (of(60, 10), Outcome::Done, of(60, 10)),
        (of(41, 1), Outcome::Exhausted, of(60, 10)),
        (of(1, 41), Outcome::Exhausted, of(60, 10)),
        (of(40, 40), Outcome::Done, of(100, 50)),
        (of(1, 0), Outcome::Exhausted, of(100, 50)),
        (of(0, 0), Outcome::Done, of(100, 50)),
    ] {
        assert_eq!((ask(spending).await, spent(table, tenant).await), (expected, sum), "{spending:?}");
    }
    assert_eq!(spent(table, world.tenant()).await, of(0, 0), "another tenant's");
    let later = Month::of(world.now());
    assert_eq!(table.allowances.spent(tenant, later).await.expect("read"), of(0, 0), "another month's");
}

pub async fn what_is_settled_makes_room(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now, cap) = (world.tenant(), world.now(), of(100, 100));
    let write = async |change| commit(table.platform, changes(tenant, [change], now)).await;
    let settle = |reserved, spent| PlatformChange::Settle { tenant, month: month(), reserved, spent };
    assert_eq!(write(reserve(tenant, of(100, 100), cap)).await, Outcome::Done);
    assert_eq!(write(settle(of(100, 100), of(30, 20))).await, Outcome::Done);
    assert_eq!(spent(table, tenant).await, of(30, 20));
    assert_eq!(write(reserve(tenant, of(71, 0), cap)).await, Outcome::Exhausted);
    assert_eq!(write(reserve(tenant, of(70, 80), cap)).await, Outcome::Done);
    assert_eq!(write(settle(of(70, 80), of(80, 90))).await, Outcome::Done);
    assert_eq!(spent(table, tenant).await, of(110, 110), "what it came to counts, whatever was expected");
}

pub async fn of_parallel_reservations_as_many_stand_as_fit(table: PlatformTable<'_>, seed: u128) {
    const EACH: u64 = 30;
    let world = World::new(seed);
    let (tenant, now, cap) = (world.tenant(), world.now(), of(100, 1_000));
    let asked = (0..8).map(|_| commit(table.platform, changes(tenant, [reserve(tenant, of(EACH, 1), cap)], now)));
    let outcomes = join_all(asked).await;
    let stood = outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count();
    assert_eq!((stood, spent(table, tenant).await), (3, of(90, 3)), "{outcomes:?}");
}

pub async fn a_reservation_stands_and_falls_with_its_job(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now, cap) = (world.tenant(), world.now(), of(100, 100));
    let job = job(tenant, world.mint());
    let both = |spending| [PlatformChange::UpdateJob(job.clone()), reserve(tenant, spending, cap)];
    assert_eq!(commit(table.platform, changes(tenant, both(of(1, 1)), now)).await, Outcome::Stale);
    assert_eq!(commit(table.platform, changes(tenant, both(of(60, 60)), now)).await, Outcome::Stale);
    assert_eq!(spent(table, tenant).await, of(0, 0));
    let beyond = commit(table.platform, changes(tenant, both(of(101, 1)), now)).await;
    assert_eq!(beyond, Outcome::Stale, "what has changed is told first, though no state could make room");
    let created = [PlatformChange::CreateJob(job.clone()), reserve(tenant, of(101, 1), cap)];
    assert_eq!(commit(table.platform, changes(tenant, created, now)).await, Outcome::Exhausted);
    assert_eq!(table.jobs.get(tenant, job.id, Consistency::Strong).await.expect("read"), None);

    let created = [PlatformChange::CreateJob(job.clone()), PlatformChange::PauseJobs { tenant, paused: true }];
    let record = record(world.mint());
    let claimed = PlatformCommit { record: Some(record.clone()), ..changes(tenant, created, now) };
    assert_eq!(commit(table.platform, claimed).await, Outcome::Done);
    let Taking::Work(begun) = job.take(now) else { panic!("a new job can be taken") };
    let begin = changes(tenant, [PlatformChange::UpdateJob(begun), reserve(tenant, of(101, 1), cap)], now);
    assert_eq!(commit(table.platform, begin.clone()).await, Outcome::LineFull);
    let again = PlatformCommit { record: Some(record.clone()), ..begin };
    assert_eq!(commit(table.platform, again).await, Outcome::Claimed(Box::new(record)));
}

pub async fn extraction_settings_are_kept_by_their_version(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let stored = async || table.allowances.settings(tenant, Consistency::Strong).await.expect("settings are read");
    assert_eq!(stored().await, None);
    let put = async |settings| table.allowances.put_settings(tenant, &settings).await.expect("it is answered");
    let of =
        |tokens_per_month, cents_per_month, version| ExtractionSettings { tokens_per_month, cents_per_month, version };
    assert!(!put(of(Some(1), None, 2)).await, "there is none before it");
    assert_eq!(stored().await, None);
    for settings in [of(Some(5), None, 1), of(None, Some(0), 2), of(Some(1 << 40), Some(7), 3), of(None, None, 4)] {
        assert!(put(settings).await);
        assert!(!put(ExtractionSettings { tokens_per_month: Some(9), ..settings }).await, "stale");
        assert_eq!(stored().await, Some(settings));
    }
    let of_another = table.allowances.settings(world.tenant(), Consistency::Strong).await.expect("read");
    assert_eq!(of_another, None);
}
