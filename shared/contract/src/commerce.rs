//! A commit: all of it or nothing, each condition by name, the first of the list told; nothing twice, nothing on top of what
//! has changed. Idempotency records are in `claims.rs`, what the store decides by itself in `holds.rs`, postings in
//! `ledger.rs`.

use domain::idempotency::Record;
use domain::ids::TenantId;
use domain::ledger::{Balance, post_charge};
use domain::order::{Order, OrderRefusal, OrderStatus};
use domain::payment::{Method, Payment, PaymentRefusal, PaymentStatus};
use domain::refund::{Refund, RefundStatus, RefundVerdict};
use domain::wallet::Overdrawn;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::{Change, Commit};

use crate::builders::{amount, charge, eur, order, payment, record, transaction_ids, wallet};
use crate::outcome::{Outcome, changes, commit, write, write_changes};
use crate::rows::{Found, Rows, merchant_account, stored_order};
use crate::{CommerceTable, World};

/// A condition that does not hold, and what the commit must answer for it.
struct Failing {
    change: Change,
    outcome: Outcome,
}

/// One failing change for each reason but the claim, in the order in which [`ports::commerce::CommitError`] tells them.
async fn failing_changes(table: CommerceTable<'_>, tenant: TenantId, world: &World) -> Vec<Failing> {
    let mint = world.mint();
    let now = world.now();
    let cancelled = Order { status: OrderStatus::Cancelled, ..order(tenant, mint) };
    let processing = payment(tenant, mint);
    let posted = charge(&processing, mint);
    let source = posted.transaction.as_ref().expect("a charge posts a transaction").source();
    let existing = order(tenant, mint);
    let (empty, missing) = (wallet(tenant, mint), wallet(tenant, mint));
    let overspent = Payment { method: Method::Wallet { wallet: empty.id }, ..payment(tenant, mint) };
    let overdrawn = Overdrawn { account: empty.account(), available: 0 };
    let set_up = [
        Change::CreateWallet(empty),
        Change::CreateOrder(cancelled.clone()),
        Change::CreatePayment(processing.clone()),
        Change::CreateOrder(existing.clone()),
        Change::Post(posted),
    ];
    write_changes(table.commerce, tenant, set_up, now).await;

    let order_refusal = OrderRefusal::IllegalMove { current: OrderStatus::Cancelled, allowed: &[] };
    let payment_refusal = PaymentRefusal::NotRefundable { current: PaymentStatus::Processing };
    let posted_again = post_charge(&processing, processing.money.amount, transaction_ids(mint), now);
    let failing = |change, outcome| Failing { change, outcome };
    vec![
        failing(Change::HoldOrder { order: mint.id(), money: eur(1) }, Outcome::OrderMissing),
        failing(Change::HoldOrder { order: cancelled.id, money: eur(1) }, Outcome::OrderRefused(order_refusal)),
        failing(Change::ReserveRefund { payment: mint.id(), amount: amount(1) }, Outcome::PaymentMissing),
        failing(
            Change::ReserveRefund { payment: processing.id, amount: amount(1) },
            Outcome::PaymentRefused(payment_refusal),
        ),
        failing(Change::Post(posted_again), Outcome::AlreadyPosted(source)),
        failing(Change::CreateOrder(existing), Outcome::Stale),
        failing(Change::RequireWallet(missing.account()), Outcome::WalletMissing),
        failing(Change::Post(charge(&overspent, mint)), Outcome::Overdrawn(overdrawn)),
    ]
}

pub async fn a_commit_writes_all_it_names(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let rows = Rows::new(tenant, world.mint());

    write(table.commerce, rows.commit(world.now())).await;

    let merchant = Balance { account: merchant_account(), posted: rows.payment.money.amount.get(), pending: 0 };
    let expected = Found {
        order: Some(rows.order.clone()),
        payment: Some(rows.payment.clone()),
        refund: Some(rows.refund.clone()),
        transaction: Some(rows.transaction().clone()),
        merchant: Some(merchant),
        events: rows.events.clone().map(Some),
    };
    assert_eq!(rows.find(table).await, expected, "what was written is not what is read");
}

/// Whichever condition fails, in the first change or the last: no row, no event, no claim.
pub async fn a_failed_commit_writes_nothing(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    for Failing { change, outcome } in failing_changes(table, tenant, &world).await {
        for at_the_end in [false, true] {
            let rows = Rows::new(tenant, world.mint());
            let before = rows.find(table).await;
            let mut failing = rows.commit(world.now());
            failing.changes.insert(if at_the_end { failing.changes.len() } else { 0 }, change.clone());

            assert_eq!(commit(table.commerce, failing).await, outcome);

            assert_eq!(rows.find(table).await, before, "a commit answered {outcome:?} and left something");
            let again = commit(table.commerce, rows.commit(world.now())).await;
            assert_eq!(again, Outcome::Done, "a commit answered {outcome:?} and kept the claim");
        }
    }
}

pub async fn the_first_failing_condition_is_told(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let now = world.now();
    let failing = failing_changes(table, tenant, &world).await;
    let claimed = record(world.mint());
    let free = record(world.mint());
    let with_record = |record: &Record| Commit { record: Some(record.clone()), ..changes(tenant, [], now) };
    write(table.commerce, with_record(&claimed)).await;

    for first in 0..failing.len() {
        let mut list: Vec<Change> = failing[first..].iter().map(|failing| failing.change.clone()).collect();
        for _ in 0..2 {
            let with_changes = |record| Commit { changes: list.clone(), ..with_record(record) };
            let told = commit(table.commerce, with_changes(&free)).await;
            assert_eq!(told, failing[first].outcome, "the conditions failed of {list:?}");
            let told = commit(table.commerce, with_changes(&claimed)).await;
            assert_eq!(told, Outcome::Claimed(Box::new(claimed.clone())), "a used key comes before all else");
            list.reverse();
        }
    }
}

pub async fn what_exists_is_not_created_again(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let rows = Rows::new(tenant, world.mint());
    write(table.commerce, rows.commit(world.now())).await;
    let before = rows.find(table).await;

    for change in [
        Change::CreateOrder(Order { held: 1, ..rows.order.clone() }),
        Change::CreatePayment(Payment { refunded: 1, ..rows.payment.clone() }),
        Change::CreateRefund(Refund { status: RefundStatus::Failed, ..rows.refund.clone() }),
    ] {
        assert_eq!(commit(table.commerce, changes(tenant, [change], world.now())).await, Outcome::Stale);
    }
    assert_eq!(rows.find(table).await, before, "creating again changed what was there");
}

pub async fn an_update_stands_on_the_version_before_it(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let now = world.now();
    let rows = Rows::new(tenant, world.mint());
    write(table.commerce, rows.commit(now)).await;

    let succeeded = RefundVerdict::Succeeded { reference: "re_1".to_owned() };
    let order = rows.order.hold(eur(100), now).expect("an open order");
    let payment = rows.payment.reserve_refund(amount(100), now).expect("a captured payment");
    let refund = rows.refund.conclude(&succeeded, now).expect("it was processing");
    let at_version = |version| {
        [
            Change::UpdateOrder(Order { version, ..order.clone() }),
            Change::UpdatePayment(Payment { version, ..payment.clone() }),
            Change::UpdateRefund(Refund { version, ..refund.clone() }),
        ]
    };
    let before = rows.find(table).await;
    for version in [1, 3, 9] {
        for change in at_version(version) {
            let told = commit(table.commerce, changes(tenant, [change.clone()], now)).await;
            assert_eq!(told, Outcome::Stale, "on a stored version of 1: {change:?}");
        }
    }
    assert_eq!(rows.find(table).await, before, "a stale update changed something");

    write_changes(table.commerce, tenant, at_version(2), now).await;
    let after = rows.find(table).await;
    assert_eq!(
        (after.order, after.payment, after.refund),
        (Some(order.clone()), Some(payment.clone()), Some(refund.clone()))
    );
    for change in at_version(2) {
        assert_eq!(
            commit(table.commerce, changes(tenant, [change], now)).await,
            Outcome::Stale,
            "an update was done twice"
        );
    }
}

pub async fn what_is_missing_is_not_updated(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let rows = Rows::new(tenant, world.mint());
    write(table.commerce, rows.commit(world.now())).await;
    let before = rows.find(table).await;

    let theirs = Rows {
        order: Order { tenant: other, version: 2, ..rows.order.clone() },
        payment: Payment { tenant: other, version: 2, ..rows.payment.clone() },
        refund: Refund { tenant: other, version: 2, ..rows.refund.clone() },
        ..Rows::new(other, world.mint())
    };
    for change in [
        Change::UpdateOrder(theirs.order.clone()),
        Change::UpdatePayment(theirs.payment.clone()),
        Change::UpdateRefund(theirs.refund.clone()),
    ] {
        let told = commit(table.commerce, changes(other, [change.clone()], world.now())).await;
        assert_eq!(told, Outcome::Stale, "the tenant has no such row: {change:?}");
    }
    let found = theirs.find(table).await;
    assert_eq!((found.order, found.payment, found.refund), (None, None, None), "an update made a row");
    assert_eq!(rows.find(table).await, before, "another tenant's update changed a row");
}

pub async fn of_parallel_updates_one_stands(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let now = world.now();
    let order = order(tenant, world.mint());
    write_changes(table.commerce, tenant, [Change::CreateOrder(order.clone())], now).await;

    let rivals: Vec<Order> = (1..=5).map(|held| order.hold(eur(held), now).expect("an open order")).collect();
    let commits =
        rivals.iter().map(|rival| commit(table.commerce, changes(tenant, [Change::UpdateOrder(rival.clone())], now)));
    let told = join_all(commits).await;

    let winners: Vec<&Order> =
        rivals.iter().zip(&told).filter(|(_, told)| **told == Outcome::Done).map(|(o, _)| o).collect();
    assert_eq!(winners.len(), 1, "of parallel updates of one version: {told:?}");
    assert_eq!(
        told.iter().filter(|told| **told == Outcome::Stale).count(),
        4,
        "of parallel updates of one version: {told:?}"
    );
    assert_eq!(stored_order(table, tenant, order.id).await.as_ref(), Some(winners[0]));
}

/// What a caller does after `TimedOut`: the same commit again.
pub async fn the_same_commit_again_has_no_second_effect(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let now = world.now();
    let rows = Rows::new(tenant, world.mint());
    let hold = Change::HoldOrder { order: rows.order.id, money: eur(100) };
    write_changes(table.commerce, tenant, [Change::CreateOrder(rows.order.clone())], now).await;
    let claim = Commit { changes: vec![Change::CreatePayment(rows.payment.clone()), hold], ..rows.commit(now) };
    let update = changes(tenant, [Change::UpdatePayment(Payment { version: 2, ..rows.payment.clone() })], now);
    let post = changes(tenant, [Change::Post(rows.posting.clone())], now);

    let claimed = Outcome::Claimed(Box::new(rows.record.clone()));
    let posted = Outcome::AlreadyPosted(rows.transaction().source());
    for (once, again) in [(claim, claimed), (update, Outcome::Stale), (post, posted)] {
        write(table.commerce, once.clone()).await;
        let before = rows.find(table).await;
        assert_eq!(commit(table.commerce, once.clone()).await, again, "done again: {:?}", once.changes);
        assert_eq!(rows.find(table).await, before, "a second effect of {:?}", once.changes);
    }
}
