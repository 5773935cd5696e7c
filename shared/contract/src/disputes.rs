//! Reading disputes: by id, newest first, by status.

use std::time::Duration;

use domain::dispute::{Dispute, DisputeReason, DisputeStatus};
use domain::ids::{DisputeId, TenantId};
use domain::text::Evidence;
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::commerce::{Change, Commit, CommitError, Consistency};

use crate::builders::dispute;
use crate::outcome::write_changes;
use crate::pages::assert_lists;
use crate::{CommerceTable, World};

async fn create(table: CommerceTable<'_>, disputes: &[Dispute], now: Timestamp) {
    for dispute in disputes {
        write_changes(table.commerce, dispute.tenant, [Change::CreateDispute(dispute.clone())], now).await;
    }
}

async fn stored(table: CommerceTable<'_>, tenant: TenantId, id: DisputeId) -> Option<Dispute> {
    table.disputes.get(tenant, id, Consistency::Strong).await.expect("a dispute is read")
}

pub async fn every_field_of_a_dispute_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let bare = Dispute { respond_by: None, ..dispute(tenant, world.mint()) };
    let evidence = Evidence::parse("The parcel was signed for").expect("evidence");
    let full = dispute(tenant, world.mint()).answer(evidence, world.now()).expect("it needs one").sent(world.now());
    let in_every_state =
        DisputeStatus::ALL.map(|status| Dispute { status, check_at: None, ..dispute(tenant, world.mint()) });
    let for_every_reason = DisputeReason::ALL.map(|reason| Dispute { reason, ..dispute(tenant, world.mint()) });
    for expected in [bare, full].into_iter().chain(in_every_state).chain(for_every_reason) {
        create(table, std::slice::from_ref(&expected), world.now()).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
    }
}

pub async fn a_dispute_is_changed_by_its_version_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = dispute(tenant, world.mint());
    create(table, std::slice::from_ref(&first), now).await;
    let next = first.sent(now);
    let commit = |changes| table.commerce.commit(Commit { tenant, record: None, changes, events: Vec::new(), now });
    assert!(matches!(commit(vec![Change::CreateDispute(first.clone())]).await, Err(CommitError::Stale)));
    write_changes(table.commerce, tenant, [Change::UpdateDispute(next.clone())], now).await;
    assert!(matches!(commit(vec![Change::UpdateDispute(next.clone())]).await, Err(CommitError::Stale)));
    let of_nobody = Dispute { id: world.id(), ..next.clone() };
    assert!(matches!(commit(vec![Change::UpdateDispute(of_nobody)]).await, Err(CommitError::Stale)));
    assert_eq!(stored(table, tenant, first.id).await, Some(next));
}

pub async fn disputes_come_newest_first_and_by_status(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut disputes = Vec::new();
    for status in [DisputeStatus::NeedsResponse, DisputeStatus::Lost, DisputeStatus::NeedsResponse] {
        world.advance(Duration::from_millis(1));
        disputes.push(Dispute { status, ..dispute(tenant, world.mint()) });
    }
    create(table, &disputes, world.now()).await;
    disputes.reverse();
    let list = async |page| table.disputes.list(tenant, None, page).await;
    assert_lists("disputes", &disputes, list).await;
    for status in DisputeStatus::ALL {
        let expected: Vec<Dispute> = disputes.iter().filter(|dispute| dispute.status == status).cloned().collect();
        let list = async |page| table.disputes.list(tenant, Some(status), page).await;
        assert_lists("disputes of a status", &expected, list).await;
    }
}
