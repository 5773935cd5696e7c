//! Idempotency records within a commit: one live record for a key of a tenant and route; whoever comes second is given the
//! first one's answer, byte for byte.

use domain::event::Event;
use domain::idempotency::{Answer, Claim, Fingerprint, KEPT_FOR, Record};
use domain::ids::{OrderId, TenantId};
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::{Change, Commit};
use std::time::Duration;

use crate::builders::{eur, event, record};
use crate::outcome::{Outcome, commit, write};
use crate::{CommerceTable, World};

fn claiming(tenant: TenantId, record: &Record, event: &Event, now: Timestamp) -> Commit {
    Commit { tenant, record: Some(record.clone()), changes: Vec::new(), events: vec![event.clone()], now }
}

/// The same key with another answer, as a second request of the same route would bring it.
fn rival(record: &Record, now: Timestamp) -> Record {
    let claim = Claim { fingerprint: Fingerprint([9; 32]), ..record.claim.clone() };
    Record::new(claim, Answer { status: 201, location: None, body: "{}".to_owned() }, now)
}

pub async fn a_second_claim_is_given_the_first_record(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = record(world.mint());
    write(table.commerce, claiming(tenant, &first, &event(tenant, world.mint()), now)).await;

    for second in [first.clone(), rival(&first, now)] {
        let unwanted = event(tenant, world.mint());
        let told = commit(table.commerce, claiming(tenant, &second, &unwanted, now)).await;
        assert_eq!(told, Outcome::Claimed(Box::new(first.clone())), "the first record, byte for byte");
        let found = table.events.get(tenant, unwanted.id).await.expect("an event is read");
        assert_eq!(found, None, "a claimed key let an event through");
    }
}

pub async fn every_field_of_a_record_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let long = format!("{{\"text\":\"{}\"}}", "ü".repeat(20_000));
    for (location, body) in [(None, String::new()), (Some("/api/v1/orders/1".to_owned()), long)] {
        let answer = Answer { status: 201, location, body };
        let kept = Record { answer, ..record(world.mint()) };
        let once = claiming(tenant, &kept, &event(tenant, world.mint()), now);
        write(table.commerce, once.clone()).await;
        assert_eq!(commit(table.commerce, once).await, Outcome::Claimed(Box::new(kept)));
    }
}

/// Before any deletion of old rows has come by: what counts is the commit's `now`.
pub async fn an_expired_claim_is_free(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, start) = (world.tenant(), world.now());
    let first = record(world.mint());
    write(table.commerce, claiming(tenant, &first, &event(tenant, world.mint()), start)).await;

    let last_moment = start.plus(KEPT_FOR).minus(Duration::from_millis(1));
    let second = rival(&first, last_moment);
    let told = commit(table.commerce, claiming(tenant, &second, &event(tenant, world.mint()), last_moment)).await;
    assert_eq!(told, Outcome::Claimed(Box::new(first.clone())), "a record lives for {KEPT_FOR:?}");

    let expiry = start.plus(KEPT_FOR);
    let second = rival(&first, expiry);
    write(table.commerce, claiming(tenant, &second, &event(tenant, world.mint()), expiry)).await;
    let told = commit(table.commerce, claiming(tenant, &first, &event(tenant, world.mint()), expiry)).await;
    assert_eq!(told, Outcome::Claimed(Box::new(second)), "an expired record's place is the next one's");
}

pub async fn a_key_belongs_to_its_tenant_and_route(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other, now) = (world.tenant(), world.tenant(), world.now());
    let first = record(world.mint());
    let claim = Claim { route: "POST /v1/orders".to_owned(), ..first.claim.clone() };
    let other_route = Record { claim, ..first.clone() };
    let claim = Claim { route: format!("{} ", first.claim.route), ..first.claim.clone() };
    let near_route = Record { claim, ..first.clone() };
    for (tenant, record) in [(tenant, &first), (tenant, &other_route), (tenant, &near_route), (other, &first)] {
        write(table.commerce, claiming(tenant, record, &event(tenant, world.mint()), now)).await;
    }
}

pub async fn of_parallel_claims_one_stands(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let shared = record(world.mint());
    let rivals: Vec<(Record, Event)> = (0..6_u16)
        .map(|n| {
            let answer = Answer { status: 200 + n, ..shared.answer.clone() };
            (Record { answer, ..shared.clone() }, event(tenant, world.mint()))
        })
        .collect();

    let commits = rivals.iter().map(|(record, event)| commit(table.commerce, claiming(tenant, record, event, now)));
    let told = join_all(commits).await;

    let winners: Vec<_> =
        rivals.iter().zip(&told).filter(|(_, told)| **told == Outcome::Done).map(|(rival, _)| rival).collect();
    assert_eq!(winners.len(), 1, "of parallel claims on one key: {told:?}");
    let (winner, _) = winners[0];
    let others_see_the_winner = told.iter().filter(|told| **told == Outcome::Claimed(Box::new(winner.clone()))).count();
    assert_eq!(others_see_the_winner, rivals.len() - 1, "of parallel claims on one key: {told:?}");
    for (record, event) in &rivals {
        let found = table.events.get(tenant, event.id).await.expect("an event is read");
        assert_eq!(found.is_some(), record == winner, "only the winner's event is written");
    }
}

/// Whatever was asked under it, as long as it lives; another route's, another tenant's or a failed commit's is none.
pub async fn a_live_record_is_found_by_its_claim(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other, now) = (world.tenant(), world.tenant(), world.now());
    let kept = record(world.mint());
    let claim = &kept.claim;
    let find = async |tenant, claim: &Claim, now| {
        table.commerce.find_record(tenant, claim, now).await.expect("a record is looked for")
    };
    assert_eq!(find(tenant, claim, now).await, None, "nothing was claimed yet");

    write(table.commerce, claiming(tenant, &kept, &event(tenant, world.mint()), now)).await;
    let other_request = Claim { fingerprint: Fingerprint([9; 32]), ..claim.clone() };
    let last_moment = kept.expires_at.minus(Duration::from_millis(1));
    for (claim, now) in [(claim, now), (&other_request, now), (claim, last_moment)] {
        assert_eq!(find(tenant, claim, now).await.as_ref(), Some(&kept));
    }
    let other_route = Claim { route: "POST /v1/orders".to_owned(), ..claim.clone() };
    assert_eq!(find(tenant, &other_route, now).await, None);
    assert_eq!(find(other, claim, now).await, None, "another tenant's record");
    assert_eq!(find(tenant, claim, kept.expires_at).await, None, "an expired record");

    let refused = record(world.mint());
    let hold = Change::HoldOrder { order: world.id::<OrderId>(), money: eur(1) };
    let failing = Commit { tenant, record: Some(refused.clone()), changes: vec![hold], events: Vec::new(), now };
    assert_eq!(commit(table.commerce, failing).await, Outcome::OrderMissing);
    assert_eq!(find(tenant, &refused.claim, now).await, None, "a failed commit's claim");
}
