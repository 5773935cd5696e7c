//! Webhook endpoints and deliveries: by id, by list, by when they are due; settings and health each on a version of their
//! own.

use std::time::Duration;

use domain::event::EventType;
use domain::ids::{EventId, TenantId, WebhookEndpointId};
use domain::page::PageRequest;
use domain::time::Timestamp;
use domain::turn::Turn;
use domain::webhook::{
    Again, Attempt, Cause, Delivery, DeliveryStatus, DisabledReason, Endpoint, EndpointChange, Health, NewSecret,
    Outcome, Request, ResponseText, Signature, TypeFilter,
};
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::PlatformChange;
use ports::webhooks::DeliveryKey;

use crate::builders::{delivery, endpoint, event, new_secret};
use crate::pages::assert_lists;
use crate::platform::{Outcome as CommitOutcome, changes, commit, write};
use crate::{PlatformTable, World};

async fn create(table: PlatformTable<'_>, endpoint: &Endpoint, now: Timestamp) {
    write(table.platform, changes(endpoint.tenant, [PlatformChange::CreateEndpoint(endpoint.clone())], now)).await;
}

fn failed(health: &Health, now: Timestamp) -> Health {
    health.failed(Request::Probe, now, 0).expect("a probe counts")
}

async fn stored(table: PlatformTable<'_>, tenant: TenantId, id: WebhookEndpointId) -> Option<Endpoint> {
    table.endpoints.get(tenant, id, Consistency::Strong).await.expect("an endpoint is read")
}

pub async fn every_field_of_an_endpoint_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint, now) = (world.tenant(), world.mint(), world.now());
    let plain = || endpoint(tenant, mint);
    let key = NewSecret { signature: Signature::Ed25519, public_key: Some("whpk_x".to_owned()), ..new_secret(2) };
    let bare = Endpoint { rate_per_second: None, description: None, types: TypeFilter::default(), ..plain() };
    let failing = (0..6).fold(plain().health, |health, _| failed(&health, now));
    let failing = failing.turned(Turn::taken(now).asked_for_more());
    let failing = failing.replays(world.id(), now).expect("its turn");
    let disabled = DisabledReason::ALL.iter().map(|reason| plain().disable(*reason, now));
    let all = [plain(), bare, plain().rotate(key, now), Endpoint { ordered: true, health: failing, ..plain() }];
    for expected in all.into_iter().chain(disabled) {
        create(table, &expected, now).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
    }
}

pub async fn settings_change_by_their_version_and_leave_health_alone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = endpoint(tenant, world.mint());
    create(table, &first, now).await;
    let one = |change| changes(tenant, [change], now);
    assert_eq!(commit(table.platform, one(PlatformChange::CreateEndpoint(first.clone()))).await, CommitOutcome::Stale);
    let failing = failed(&first.health, now);
    assert!(table.endpoints.put_health(tenant, first.id, &failing).await.expect("written"));
    let description = EndpointChange { description: Some(None), ..EndpointChange::default() };
    let second = first.change(description, now);
    write(table.platform, one(PlatformChange::UpdateEndpoint(second.clone()))).await;
    let expected = Endpoint { health: failing.clone(), ..second.clone() };
    assert_eq!(stored(table, tenant, first.id).await, Some(expected), "the health of meanwhile");
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateEndpoint(second.clone()))).await, CommitOutcome::Stale);
    let of_nobody = Endpoint { id: world.id(), ..second.clone() };
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateEndpoint(of_nobody))).await, CommitOutcome::Stale);
    let late = Endpoint { health: first.health.begun_again(now), version: 3, ..second.clone() };
    let outcome = commit(table.platform, one(PlatformChange::RestartEndpoint(late))).await;
    assert_eq!(outcome, CommitOutcome::Stale, "how it fares has been written since");
    let third = Endpoint { health: failing.begun_again(now), version: 3, ..second };
    write(table.platform, one(PlatformChange::RestartEndpoint(third.clone()))).await;
    assert_eq!(stored(table, tenant, first.id).await, Some(third), "it begins anew");
}

pub async fn health_changes_by_its_own_version(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = endpoint(tenant, world.mint());
    create(table, &first, now).await;
    let failing = failed(&first.health, now);
    let rivals = join_all((0..5).map(|_| table.endpoints.put_health(tenant, first.id, &failing))).await;
    let won = rivals.into_iter().filter(|won| *won.as_ref().expect("written or not")).count();
    assert_eq!(won, 1, "of parallel ones one stands");
    assert_eq!(stored(table, tenant, first.id).await, Some(Endpoint { health: failing.clone(), ..first.clone() }));
    let next = failing.succeeded().expect("something new");
    for (of, id) in [(world.tenant(), first.id), (tenant, world.id())] {
        assert!(!table.endpoints.put_health(of, id, &next).await.expect("not written"), "of nobody");
        assert_eq!(stored(table, of, id).await, None, "nothing comes about");
    }
}

pub async fn a_deleted_endpoint_is_gone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = endpoint(tenant, world.mint());
    create(table, &first, now).await;
    let delete = |endpoint: &Endpoint| changes(tenant, [PlatformChange::DeleteEndpoint(endpoint.clone())], now);
    let newer = Endpoint { version: 2, ..first.clone() };
    assert_eq!(commit(table.platform, delete(&newer)).await, CommitOutcome::Stale, "not the version that is there");
    write(table.platform, delete(&first)).await;
    assert_eq!(stored(table, tenant, first.id).await, None);
    assert_eq!(table.endpoints.all(tenant).await.expect("read"), []);
    assert_eq!(commit(table.platform, delete(&first)).await, CommitOutcome::Stale);
    assert!(!table.endpoints.put_health(tenant, first.id, &failed(&first.health, now)).await.expect("not written"));
}

pub async fn endpoints_come_newest_first_and_all_at_once(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut endpoints = Vec::new();
    for _ in 0..5 {
        world.advance(Duration::from_millis(1));
        endpoints.push(endpoint(tenant, world.mint()));
        create(table, &endpoints[endpoints.len() - 1], world.now()).await;
    }
    create(table, &endpoint(world.tenant(), world.mint()), world.now()).await;
    assert_eq!(table.endpoints.all(tenant).await.expect("read"), endpoints, "oldest first");
    endpoints.reverse();
    assert_lists("endpoints", &endpoints, async |page| table.endpoints.list(tenant, page).await).await;
}

fn key(delivery: &Delivery) -> DeliveryKey {
    DeliveryKey { tenant: delivery.tenant, endpoint: delivery.endpoint, event: delivery.event }
}

async fn put(table: PlatformTable<'_>, delivery: &Delivery, due_at: Option<Timestamp>) -> bool {
    table.deliveries.put(delivery, due_at).await.expect("written or not")
}

pub async fn every_field_of_a_delivery_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint, now) = (world.tenant(), world.mint(), world.now());
    let plain = || delivery(tenant, world.id(), world.id(), mint);
    let after = |outcome| {
        let attempt = Attempt { at: now, took: Duration::ZERO, outcome, response: ResponseText::default() };
        let new = Delivery::new((tenant, world.id()), (world.id(), EventType::WebhookEndpointTest), Cause::Test, now);
        new.concluded(attempt, Again::After(None), 0, now).0
    };
    let outcomes =
        [Outcome::Answered(200), Outcome::TimedOut, Outcome::Unreachable, Outcome::AddressRefused].map(after);
    let waiting = [plain().held(now, 0, now), plain().placed(now, now)].map(|one| Delivery { version: 1, ..one });
    let states = DeliveryStatus::ALL.iter().map(|status| Delivery { status: *status, next_at: None, ..plain() });
    let causes = Cause::ALL.iter().map(|cause| Delivery { cause: *cause, ..plain() });
    for expected in outcomes.into_iter().chain(waiting).chain(states).chain(causes) {
        assert!(put(table, &expected, None).await);
        let found = table.deliveries.get(key(&expected)).await.expect("read");
        assert_eq!(found.as_ref(), Some(&expected));
        let of_another = DeliveryKey { tenant: world.tenant(), ..key(&expected) };
        assert_eq!(table.deliveries.get(of_another).await.expect("read"), None, "another tenant's");
    }
}

pub async fn a_delivery_is_written_on_the_version_before_it(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let now = world.now();
    let first = delivery(world.tenant(), world.id(), world.id(), world.mint());
    let rivals = join_all((0..5).map(|_| put(table, &first, None))).await;
    assert_eq!(rivals.into_iter().filter(|won| *won).count(), 1, "of parallel ones one stands");
    let second = first.held(now, 0, now);
    let third = second.skipped(now);
    assert!(!put(table, &third, None).await, "one was left out");
    assert!(put(table, &second, None).await && put(table, &third, None).await);
    assert!(!put(table, &second, None).await, "an older one");
    assert_eq!(table.deliveries.get(key(&first)).await.expect("read"), Some(third));
    let of_nobody = Delivery { event: world.id(), ..second };
    assert!(!put(table, &of_nobody, None).await);
}

pub async fn deliveries_come_newest_event_first_by_status_and_after_an_event(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, id) = (world.tenant(), world.id());
    let mut deliveries = Vec::new();
    for index in 0..5 {
        world.advance(Duration::from_millis(1));
        let pending = delivery(tenant, id, world.id(), world.mint());
        let status = if index % 2 == 0 { DeliveryStatus::Failed } else { pending.status };
        deliveries.push(Delivery { status, ..pending });
        assert!(put(table, &deliveries[index], None).await);
    }
    for (tenant, endpoint) in [(world.tenant(), id), (tenant, world.id())] {
        assert!(put(table, &delivery(tenant, endpoint, world.id(), world.mint()), None).await);
    }
    let after = async |event, limit| table.deliveries.after(tenant, id, event, limit).await.expect("read");
    assert_eq!(after(EventId::from_u128(0), 100).await, deliveries);
    assert_eq!(after(deliveries[1].event, 2).await, deliveries[2..4]);
    assert_eq!(after(deliveries[4].event, 2).await, []);
    deliveries.reverse();
    assert_lists("deliveries", &deliveries, async |page| table.deliveries.list(tenant, id, None, page).await).await;
    let failed = Some(DeliveryStatus::Failed);
    let page = table.deliveries.list(tenant, id, failed, PageRequest::default()).await.expect("read");
    let expected: Vec<_> = deliveries.iter().filter(|one| one.status == DeliveryStatus::Failed).cloned().collect();
    assert_eq!(page.items, expected);
}

pub async fn deliveries_are_due_from_the_moment_they_were_put_with(table: PlatformTable<'_>, seed: u128) {
    const MANY: usize = 1_000;
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let later = now.plus(Duration::from_secs(60));
    let first = delivery(tenant, world.id(), world.id(), world.mint());
    let second = delivery(tenant, world.id(), world.id(), world.mint());
    assert!(put(table, &first, Some(later)).await && put(table, &second, Some(now)).await);
    assert!(put(table, &delivery(tenant, world.id(), world.id(), world.mint()), None).await);
    let due = async |at: Timestamp| {
        let found = table.deliveries.due(at, MANY).await.expect("read");
        found.into_iter().filter(|key| key.tenant == tenant).collect::<Vec<_>>()
    };
    assert_eq!(due(now.minus(Duration::from_millis(1))).await, []);
    assert_eq!(due(now).await, [key(&second)]);
    assert_eq!(due(later).await, [key(&second), key(&first)]);
    assert!(put(table, &second.skipped(now), None).await);
    assert_eq!(due(later).await, [key(&first)], "done with");
}

pub async fn events_between_two_come_oldest_first(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint) = (world.tenant(), world.mint());
    let mut events = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_millis(1));
        events.push(event(tenant, mint));
    }
    let commit = ports::platform::PlatformCommit { events: events.clone(), ..changes(tenant, [], world.now()) };
    write(table.platform, commit).await;
    let between =
        async |after, before, limit| table.events.between(tenant, after, before, limit).await.expect("events are read");
    let end = EventId::from_u128(u128::MAX);
    assert_eq!(between(EventId::from_u128(0), end, 100).await, events);
    assert_eq!(between(events[0].id, events[3].id, 100).await, events[1..3]);
    assert_eq!(between(events[0].id, end, 1).await, events[1..2]);
    assert_eq!(between(events[3].id, end, 100).await, []);
    assert_eq!(between(events[2].id, events[1].id, 100).await, []);
    assert_eq!(between(events[1].id, events[2].id, 100).await, []);
}
