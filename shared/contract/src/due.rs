//! What the sweeper finds, across tenants. The store may hold others' overdue rows, so each test asks at a moment of its own,
//! ten years before the other contracts', and clears up after itself. That each shard of an index gives its oldest first is
//! not visible from here.

use domain::dispute::{Dispute, DisputeStatus};
use domain::event::{Event, PUBLISH_AGAIN_AFTER};
use domain::ids::{EventId, PaymentId, RefundId, TenantId};
use domain::payment::{DeclineCode, Payment, Verdict};
use domain::refund::{Refund, RefundVerdict};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::commerce::Change;
use std::time::Duration;

use crate::builders::{captured_payment, dispute, event, payment, refund};
use crate::outcome::{write_changes, write_events};
use crate::{CommerceTable, World};

const EARLIER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
const TICK: Duration = Duration::from_millis(1);
/// More than a store left behind by broken tests holds.
const ENOUGH: usize = 10_000;

fn world(seed: u128) -> World {
    let world = World::new(seed);
    world.set(world.now().minus(EARLIER));
    world
}

async fn payment_is_due(table: CommerceTable<'_>, tenant: TenantId, id: PaymentId, now: Timestamp) -> bool {
    let due = table.due.payments(now, ENOUGH).await.expect("due payments are read");
    due.contains(&(tenant, id))
}

async fn refund_is_due(table: CommerceTable<'_>, refund: &Refund, now: Timestamp) -> bool {
    let due = table.due.refunds(now, ENOUGH).await.expect("due refunds are read");
    let row: (TenantId, PaymentId, RefundId) = (refund.tenant, refund.payment, refund.id);
    due.contains(&row)
}

async fn event_is_due(table: CommerceTable<'_>, event: &Event, now: Timestamp) -> bool {
    let due = table.due.events(now, ENOUGH).await.expect("due events are read");
    let row: (TenantId, EventId) = (event.tenant, event.id);
    due.contains(&row)
}

fn declined() -> Verdict {
    Verdict::Declined { code: DeclineCode::DoNotHonor }
}

pub async fn payments_are_due_from_their_check_at(table: CommerceTable<'_>, seed: u128) {
    let world = world(seed);
    let tenant = world.tenant();
    let created = payment(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreatePayment(created.clone())], world.now()).await;

    let check_at = created.check_at.expect("a new payment is checked");
    assert!(!payment_is_due(table, tenant, created.id, check_at.minus(TICK)).await, "due before its time");
    assert!(payment_is_due(table, tenant, created.id, check_at).await, "not due at its time");
    assert!(payment_is_due(table, tenant, created.id, check_at.plus(TICK)).await, "not due after its time");

    let later =
        created.conclude(&Verdict::RequiresAction { reference: "ch_1".to_owned() }, check_at).expect("processing");
    write_changes(table.commerce, tenant, [Change::UpdatePayment(later.clone())], check_at).await;
    let next_check = later.check_at.expect("it waits for its customer");
    assert!(!payment_is_due(table, tenant, created.id, next_check.minus(TICK)).await, "due by its former time");
    assert!(payment_is_due(table, tenant, created.id, next_check).await, "not due at its new time");

    let done = later.conclude(&declined(), next_check).expect("requires action");
    write_changes(table.commerce, tenant, [Change::UpdatePayment(done)], next_check).await;
    assert!(!payment_is_due(table, tenant, created.id, next_check).await, "due though nothing is awaited");
}

pub async fn refunds_are_due_from_their_check_at(table: CommerceTable<'_>, seed: u128) {
    let world = world(seed);
    let tenant = world.tenant();
    let created = refund(&captured_payment(tenant, world.mint()), world.mint());
    write_changes(table.commerce, tenant, [Change::CreateRefund(created.clone())], world.now()).await;

    let check_at = created.check_at.expect("a new refund is checked");
    assert!(!refund_is_due(table, &created, check_at.minus(TICK)).await, "due before its time");
    assert!(refund_is_due(table, &created, check_at).await, "not due at its time");

    let succeeded = RefundVerdict::Succeeded { reference: "re_1".to_owned() };
    let done = created.conclude(&succeeded, check_at).expect("processing");
    write_changes(table.commerce, tenant, [Change::UpdateRefund(done)], check_at).await;
    assert!(!refund_is_due(table, &created, check_at).await, "due though nothing is awaited");
}

pub async fn disputes_are_due_from_their_check_at(table: CommerceTable<'_>, seed: u128) {
    let world = world(seed);
    let tenant = world.tenant();
    let opened = dispute(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreateDispute(opened.clone())], world.now()).await;
    let is_due = async |now| {
        let due = table.due.disputes(now, ENOUGH).await.expect("due disputes are read");
        due.contains(&(tenant, opened.id))
    };
    let check_at = opened.check_at.expect("an open dispute is asked after");
    assert!(!is_due(check_at.minus(TICK)).await, "due before its time");
    assert!(is_due(check_at).await, "not due at its time");
    let decided = Dispute { status: DisputeStatus::Lost, check_at: None, version: 2, ..opened.clone() };
    write_changes(table.commerce, tenant, [Change::UpdateDispute(decided)], check_at).await;
    assert!(!is_due(check_at).await, "due though it is decided");
}

pub async fn events_are_due_until_they_are_published(table: CommerceTable<'_>, seed: u128) {
    let world = world(seed);
    let tenant = world.tenant();
    let (published, left) = (event(tenant, world.mint()), event(tenant, world.mint()));
    write_events(table.commerce, tenant, vec![published.clone(), left.clone()], world.now()).await;

    let overdue = world.now().plus(PUBLISH_AGAIN_AFTER);
    assert!(!event_is_due(table, &left, overdue.minus(TICK)).await, "due before {PUBLISH_AGAIN_AFTER:?} have passed");
    assert!(event_is_due(table, &left, overdue).await, "not due after {PUBLISH_AGAIN_AFTER:?}");
    assert!(event_is_due(table, &published, overdue).await, "not due though no queue has seen it");

    table
        .events
        .mark_published(&Event { tenant: world.tenant(), ..left.clone() })
        .await
        .expect("marking is never refused");
    table.events.mark_published(&published).await.expect("marking is never refused");
    assert!(!event_is_due(table, &published, overdue).await, "due though published");
    assert!(event_is_due(table, &left, overdue).await, "another tenant took it off the list");
    table.events.mark_published(&left).await.expect("marking is never refused");
}

/// "At most about": shards of an index may each round up, but the sweeper does not get them all.
pub async fn due_lists_keep_to_about_their_limit(table: CommerceTable<'_>, seed: u128) {
    const ROWS: usize = 60;
    let world = world(seed);
    let tenant = world.tenant();
    let payments: Vec<Payment> = (0..ROWS).map(|_| payment(tenant, world.mint())).collect();
    let refunds: Vec<Refund> =
        (0..ROWS).map(|_| refund(&captured_payment(tenant, world.mint()), world.mint())).collect();
    let events: Vec<Event> = (0..ROWS).map(|_| event(tenant, world.mint())).collect();
    let now = world.now();
    write_changes(table.commerce, tenant, payments.iter().cloned().map(Change::CreatePayment), now).await;
    write_changes(table.commerce, tenant, refunds.iter().cloned().map(Change::CreateRefund), now).await;
    write_events(table.commerce, tenant, events.clone(), now).await;

    let later = world.advance(Duration::from_secs(24 * 60 * 60));
    let found = [
        table.due.payments(later, 8).await.expect("due payments are read").len(),
        table.due.refunds(later, 8).await.expect("due refunds are read").len(),
        table.due.events(later, 8).await.expect("due events are read").len(),
    ];
    assert!(found.iter().all(|found| (1..ROWS).contains(found)), "with a limit of 8 of {ROWS} rows: {found:?}");

    let ended =
        payments.iter().map(|payment| Change::UpdatePayment(payment.conclude(&declined(), now).expect("processing")));
    write_changes(table.commerce, tenant, ended, now).await;
    let refused = RefundVerdict::Refused { code: DeclineCode::Other };
    let ended = refunds.iter().map(|refund| Change::UpdateRefund(refund.conclude(&refused, now).expect("processing")));
    write_changes(table.commerce, tenant, ended, now).await;
    for event in events {
        table.events.mark_published(&event).await.expect("marking is never refused");
    }
}
