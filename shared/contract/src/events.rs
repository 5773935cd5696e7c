//! Events: written by a commit, read by the tenant, taken off the list of unpublished ones. When an event is overdue is in
//! `due.rs`.

use domain::event::{Event, EventType};
use domain::ids::TenantId;
use ports::clock::Clock;
use ports::commerce::EventFilter;
use std::time::Duration;

use crate::builders::event;
use crate::outcome::write_events;
use crate::pages::assert_lists;
use crate::{CommerceTable, World};

const TICK: Duration = Duration::from_millis(1);

async fn get(table: CommerceTable<'_>, tenant: TenantId, event: &Event) -> Option<Event> {
    table.events.get(tenant, event.id).await.expect("an event is read")
}

async fn assert_events(table: CommerceTable<'_>, tenant: TenantId, filter: &EventFilter, expected: &[Event]) {
    let what = format!("the events of {filter:?}");
    assert_lists(&what, expected, async |page| table.events.list(tenant, filter, page).await).await;
}

pub async fn every_field_of_an_event_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let full = event(tenant, world.mint());
    let bare = Event { request_id: None, idempotency_key: None, trace: None, ..event(tenant, world.mint()) };
    let of_every_kind = EventType::ALL.iter().map(|kind| Event { kind: *kind, ..event(tenant, world.mint()) });
    for expected in [full, bare].into_iter().chain(of_every_kind) {
        write_events(table.commerce, tenant, vec![expected.clone()], world.now()).await;
        assert_eq!(get(table, tenant, &expected).await, Some(expected));
    }
}

pub async fn an_event_is_found_by_its_tenant_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (ours, theirs) = (event(tenant, world.mint()), event(other, world.mint()));
    write_events(table.commerce, tenant, vec![ours.clone()], world.now()).await;
    write_events(table.commerce, other, vec![theirs.clone()], world.now()).await;

    assert_eq!(get(table, tenant, &theirs).await, None);
    assert_eq!(get(table, other, &ours).await, None);
    assert_eq!(get(table, tenant, &event(tenant, world.mint())).await, None);
    assert_events(table, tenant, &EventFilter::default(), &[ours]).await;
    assert_events(table, other, &EventFilter::default(), &[theirs]).await;
    assert_events(table, world.tenant(), &EventFilter::default(), &[]).await;
}

/// `from` inclusive, `to` exclusive; also of one millisecond, where the rest of the id decides.
pub async fn events_come_newest_first_within_the_range(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut events = Vec::new();
    let mut times = Vec::new();
    for _ in 0..4 {
        times.push(world.advance(TICK));
        events.extend([event(tenant, world.mint()), event(tenant, world.mint())]);
    }
    write_events(table.commerce, tenant, events.clone(), world.now()).await;
    events.sort_by_key(|event| std::cmp::Reverse(event.id));

    let bounds = [None, Some(times[1]), Some(times[2])];
    for from in bounds {
        for to in bounds {
            let within = |event: &&Event| {
                from.is_none_or(|from| event.created_at >= from) && to.is_none_or(|to| event.created_at < to)
            };
            let expected: Vec<Event> = events.iter().filter(within).cloned().collect();
            assert_events(table, tenant, &EventFilter { from, to }, &expected).await;
        }
    }
}

/// Twice, for another tenant, for one that is gone: nothing happens, nothing is made.
pub async fn publishing_changes_no_event(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let written = event(tenant, world.mint());
    let gone = event(tenant, world.mint());
    write_events(table.commerce, tenant, vec![written.clone()], world.now()).await;

    let of_another = Event { tenant: other, ..written.clone() };
    for event in [&written, &written, &of_another, &gone] {
        table.events.mark_published(event).await.expect("marking is never refused");
    }
    assert_eq!(get(table, tenant, &written).await.as_ref(), Some(&written));
    assert_eq!(get(table, tenant, &gone).await, None, "marking made an event");
    assert_eq!(get(table, other, &written).await, None, "marking made an event");
    assert_events(table, tenant, &EventFilter::default(), &[written]).await;
    assert_events(table, other, &EventFilter::default(), &[]).await;
}
