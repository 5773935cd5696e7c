//! Reading refunds: below their payment and nowhere else.

use domain::ids::{PaymentId, TenantId};
use domain::payment::DeclineCode;
use domain::refund::{Refund, RefundStatus, RefundVerdict};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::commerce::{Change, Consistency};
use std::time::Duration;

use crate::builders::{captured_payment, refund};
use crate::outcome::write_changes;
use crate::pages::assert_lists;
use crate::rows::stored_refund;
use crate::{CommerceTable, World};

async fn create(table: CommerceTable<'_>, refunds: &[Refund], now: Timestamp) {
    for refund in refunds {
        write_changes(table.commerce, refund.tenant, [Change::CreateRefund(refund.clone())], now).await;
    }
}

async fn assert_refunds(table: CommerceTable<'_>, tenant: TenantId, payment: PaymentId, expected: &[Refund]) {
    let list = async |page| table.refunds.list(tenant, payment, page).await;
    assert_lists("the refunds of a payment", expected, list).await;
}

pub async fn every_field_of_a_refund_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mint = world.mint();
    let payment = captured_payment(tenant, mint);
    let full = Refund {
        order: Some(mint.id()),
        status: RefundStatus::Failed,
        failure: Some(DeclineCode::Other),
        provider_reference: Some("re_7".to_owned()),
        updated_at: world.now().plus(Duration::from_millis(1)),
        version: u64::from(u32::MAX) + 1,
        ..refund(&payment, mint)
    };
    let bare = Refund { reason: None, check_at: None, ..refund(&payment, mint) };
    let in_every_state = RefundStatus::ALL.map(|status| Refund { status, check_at: None, ..refund(&payment, mint) });
    let done = Refund { check_at: None, failure: None, version: full.version + 1, ..full.clone() };
    for expected in [full, bare].into_iter().chain(in_every_state) {
        create(table, std::slice::from_ref(&expected), world.now()).await;
        assert_eq!(stored_refund(table, &expected).await, Some(expected));
    }
    write_changes(table.commerce, tenant, [Change::UpdateRefund(done.clone())], world.now()).await;
    assert_eq!(stored_refund(table, &done).await, Some(done));
}

pub async fn a_refund_is_found_below_its_payment_and_tenant_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (payment, sibling) = (captured_payment(tenant, world.mint()), captured_payment(tenant, world.mint()));
    let (ours, siblings) = (refund(&payment, world.mint()), refund(&sibling, world.mint()));
    create(table, &[ours.clone(), siblings.clone()], world.now()).await;

    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for (tenant, payment, id, expected) in [
            (tenant, payment.id, ours.id, Some(&ours)),
            (tenant, sibling.id, siblings.id, Some(&siblings)),
            (tenant, sibling.id, ours.id, None),
            (tenant, payment.id, world.id(), None),
            (other, payment.id, ours.id, None),
        ] {
            let found = table.refunds.get(tenant, payment, id, consistency).await.expect("a refund is read");
            assert_eq!(found.as_ref(), expected, "{consistency:?}");
        }
    }
    assert_refunds(table, tenant, payment.id, &[ours]).await;
    assert_refunds(table, tenant, sibling.id, &[siblings]).await;
    assert_refunds(table, tenant, world.id(), &[]).await;
    assert_refunds(table, other, payment.id, &[]).await;
}

pub async fn refunds_come_newest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let payment = captured_payment(tenant, world.mint());
    let mut refunds = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_millis(1));
        refunds.extend([refund(&payment, world.mint()), refund(&payment, world.mint())]);
    }
    create(table, &refunds, world.now()).await;

    refunds.sort_by_key(|refund| std::cmp::Reverse(refund.id));
    assert_refunds(table, tenant, payment.id, &refunds).await;
    let succeeded = RefundVerdict::Succeeded { reference: "re_1".to_owned() };
    refunds[0] = refunds[0].conclude(&succeeded, world.now()).expect("it was processing");
    write_changes(table.commerce, tenant, [Change::UpdateRefund(refunds[0].clone())], world.now()).await;
    assert_refunds(table, tenant, payment.id, &refunds).await;
}
