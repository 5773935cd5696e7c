//! A commit of the platform: record, items and events are written together or not at all, though they lie in two tables.

use domain::event::Event;
use domain::file::File;
use domain::idempotency::{Answer, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::{Platform, PlatformChange, PlatformCommit, PlatformError};

use crate::builders::{event, file, record};
use crate::{PlatformTable, World};

const TRIES_MAX: u32 = 500;

/// What a commit came to, as a value that compares. A contended one is tried again, as its doc comment allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Claimed(Box<Record>),
    Stale,
    LineFull,
    Exhausted,
}

pub(crate) async fn commit(platform: &dyn Platform, commit: PlatformCommit) -> Outcome {
    for _ in 0..TRIES_MAX {
        return match platform.commit(commit.clone()).await {
            Ok(()) => Outcome::Done,
            Err(PlatformError::Contended) => continue,
            Err(PlatformError::Claimed(record)) => Outcome::Claimed(record),
            Err(PlatformError::Stale) => Outcome::Stale,
            Err(PlatformError::LineFull) => Outcome::LineFull,
            Err(PlatformError::Exhausted) => Outcome::Exhausted,
            Err(PlatformError::Port(error)) => panic!("the store failed under a contract test: {error:?}"),
        };
    }
    panic!("a commit was still contended after {TRIES_MAX} tries")
}

/// A commit of changes alone.
pub(crate) fn changes(
    tenant: TenantId,
    changes: impl IntoIterator<Item = PlatformChange>,
    now: Timestamp,
) -> PlatformCommit {
    PlatformCommit { tenant, record: None, changes: changes.into_iter().collect(), events: Vec::new(), now }
}

/// Writes what must not be refused.
pub(crate) async fn write(platform: &dyn Platform, commit: PlatformCommit) {
    assert_eq!(self::commit(platform, commit).await, Outcome::Done, "a commit whose every condition holds was refused");
}

/// One of each that a commit names.
struct Rows {
    record: Record,
    file: File,
    events: [Event; 2],
}

impl Rows {
    fn new(tenant: TenantId, world: &World) -> Self {
        let mint = world.mint();
        Self { record: record(mint), file: file(tenant, mint), events: [event(tenant, mint), event(tenant, mint)] }
    }

    fn commit(&self, now: Timestamp) -> PlatformCommit {
        PlatformCommit {
            tenant: self.file.tenant,
            record: Some(self.record.clone()),
            changes: vec![PlatformChange::CreateFile(self.file.clone())],
            events: self.events.to_vec(),
            now,
        }
    }

    /// How many of the record, the file and the events are there, whole.
    async fn found(&self, table: PlatformTable<'_>, now: Timestamp) -> usize {
        let tenant = self.file.tenant;
        let file = table.files.get(tenant, self.file.id, Consistency::Strong).await.expect("a file is read");
        let record = table.platform.find_record(tenant, &self.record.claim, now).await.expect("a record is read");
        let mut found =
            usize::from(file.as_ref() == Some(&self.file)) + usize::from(record.as_ref() == Some(&self.record));
        for event in &self.events {
            let stored = table.events.get(tenant, event.id).await.expect("an event is read");
            found += usize::from(stored.as_ref() == Some(event));
        }
        found
    }
}

pub async fn a_platform_commit_writes_all_it_names(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let rows = Rows::new(tenant, &world);
    assert_eq!(rows.found(table, now).await, 0);
    write(table.platform, rows.commit(now)).await;
    assert_eq!(rows.found(table, now).await, 4);
    let of_another = table.files.get(world.tenant(), rows.file.id, Consistency::Strong).await.expect("a file is read");
    assert_eq!(of_another, None, "another tenant's");
}

pub async fn a_failed_platform_commit_writes_nothing(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let rows = Rows::new(tenant, &world);
    let of_nobody = file(tenant, world.mint()).accept(now).expect("it is pending");
    let mut failing = rows.commit(now);
    failing.changes.push(PlatformChange::UpdateFile(of_nobody));
    assert_eq!(commit(table.platform, failing).await, Outcome::Stale);
    assert_eq!(rows.found(table, now).await, 0);

    // An event that is in the log already fails the rest, which lies in the other table.
    let known = event(tenant, world.mint());
    let first = PlatformCommit { events: vec![known.clone()], ..changes(tenant, [], now) };
    write(table.platform, first).await;
    let mut failing = rows.commit(now);
    failing.events.push(known);
    assert_eq!(commit(table.platform, failing).await, Outcome::Stale);
    assert_eq!(rows.found(table, now).await, 0);
}

pub async fn a_second_claim_on_the_platform_is_given_the_first_record(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = Rows::new(tenant, &world);
    write(table.platform, first.commit(now)).await;
    let second = Rows { record: first.record.clone(), ..Rows::new(tenant, &world) };
    let told = commit(table.platform, second.commit(now)).await;
    assert_eq!(told, Outcome::Claimed(Box::new(first.record.clone())), "the first record, byte for byte");
    assert_eq!(second.found(table, now).await, 1, "the record alone, which is the first one's");
    let expiry = first.record.expires_at;
    let answer = Answer { status: 201, location: None, body: "{}".to_owned() };
    let third = Rows { record: Record::new(first.record.claim.clone(), answer, expiry), ..second };
    write(table.platform, third.commit(expiry)).await;
    assert_eq!(third.found(table, expiry).await, 4, "an expired record's place is the next one's");
}

pub async fn of_parallel_claims_on_the_platform_one_stands(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let shared = record(world.mint());
    let rivals: Vec<Rows> = (0..6).map(|_| Rows { record: shared.clone(), ..Rows::new(tenant, &world) }).collect();
    let told = join_all(rivals.iter().map(|rows| commit(table.platform, rows.commit(now)))).await;
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), 1, "{told:?}");
    for (rows, told) in rivals.iter().zip(&told) {
        let expected = if *told == Outcome::Done { 4 } else { 1 };
        assert_eq!(rows.found(table, now).await, expected, "only the winner's rows are written");
    }
}

/// As after an answer that was lost.
pub async fn the_same_platform_commit_again_has_no_second_effect(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let rows = Rows::new(tenant, &world);
    write(table.platform, rows.commit(now)).await;
    let again = rows.commit(now);
    assert_eq!(commit(table.platform, again.clone()).await, Outcome::Claimed(Box::new(rows.record.clone())));
    assert_eq!(commit(table.platform, PlatformCommit { record: None, ..again }).await, Outcome::Stale);
    assert_eq!(rows.found(table, now).await, 4);
}
