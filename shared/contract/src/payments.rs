//! Reading payments: by id within the tenant, and as lists by status and time.

use domain::connection::ProviderName;
use domain::ids::{PaymentId, TenantId};
use domain::metadata::Metadata;
use domain::money::{Amount, Money};
use domain::page::PageRequest;
use domain::payment::{DeclineCode, Method, Payment, PaymentStatus, Route};
use domain::secret::Secret;
use domain::time::Timestamp;
use ports::PortErrorKind;
use ports::clock::Clock;
use ports::commerce::{BATCH_MAX, Change, Consistency, PaymentFilter};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::builders::{amount, captured_payment, currency, payment};
use crate::outcome::write_changes;
use crate::pages::{all_while, assert_lists};
use crate::rows::stored_payment;
use crate::{CommerceTable, World};

const TICK: Duration = Duration::from_millis(1);

async fn create(table: CommerceTable<'_>, payments: &[Payment], now: Timestamp) {
    for payment in payments {
        write_changes(table.commerce, payment.tenant, [Change::CreatePayment(payment.clone())], now).await;
    }
}

fn newest_first(mut payments: Vec<Payment>) -> Vec<Payment> {
    payments.sort_by_key(|payment| std::cmp::Reverse(payment.id));
    payments
}

async fn assert_payments(table: CommerceTable<'_>, tenant: TenantId, filter: &PaymentFilter, expected: &[Payment]) {
    let what = format!("the payments of {filter:?}");
    let list = async |page| table.payments.list(tenant, filter, page, Consistency::Eventual).await;
    assert_lists(&what, expected, list).await;
    match filter.status {
        None => {
            let list = async |page| table.payments.list(tenant, filter, page, Consistency::Strong).await;
            assert_lists(&what, expected, list).await;
        }
        Some(_) => {
            let refused = table.payments.list(tenant, filter, PageRequest::default(), Consistency::Strong).await;
            assert_eq!(refused.map_err(|error| error.kind), Err(PortErrorKind::Rejected), "an index");
        }
    }
}

pub async fn every_field_of_a_payment_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mint = world.mint();
    let full = Payment {
        order: Some(mint.id()),
        money: Money { amount: amount(Amount::MAX), currency: currency("JPY") },
        method: Method::Card { token: Secret::new("tok_ünïcode") },
        failure: Some(DeclineCode::InsufficientFunds),
        captured: Amount::MAX,
        refunded: 1,
        refunds_pending: 2,
        fee: 3,
        attempt: 3,
        unknown_since: Some(world.now().plus(TICK)),
        provider_reference: Some("ch_7".to_owned()),
        check_at: Some(world.now()),
        updated_at: world.now().plus(TICK),
        version: u64::from(u32::MAX) + 1,
        ..payment(tenant, mint)
    };
    let of_wallet = Payment { method: Method::Wallet { wallet: mint.id() }, ..payment(tenant, mint) };
    let into_wallet = Payment { top_up: Some(mint.id()), ..payment(tenant, mint) };
    let bare = Payment { description: None, metadata: Metadata::default(), check_at: None, ..payment(tenant, mint) };
    let in_every_state = PaymentStatus::ALL.map(|status| Payment { status, ..captured_payment(tenant, mint) });
    let of_every_failure = DeclineCode::ALL.map(|code| Payment {
        status: PaymentStatus::Failed,
        failure: Some(code),
        check_at: None,
        ..payment(tenant, mint)
    });

    let done = Payment { unknown_since: None, check_at: None, version: full.version + 1, ..full.clone() };
    let routes = [Route::Claimed(ProviderName::Stripe), Route::Switched(ProviderName::Sandbox)];
    let on_every_route = routes.map(|route| Payment { route, ..payment(tenant, mint) });
    let all = [full, bare, of_wallet, into_wallet].into_iter().chain(in_every_state);
    for expected in all.chain(of_every_failure).chain(on_every_route) {
        create(table, std::slice::from_ref(&expected), world.now()).await;
        assert_eq!(stored_payment(table, tenant, expected.id).await, Some(expected));
    }
    // What is set to none by an update is none, and the sweeper is not left with it.
    write_changes(table.commerce, tenant, [Change::UpdatePayment(done.clone())], world.now()).await;
    assert_eq!(stored_payment(table, tenant, done.id).await, Some(done));
}

pub async fn a_payment_is_found_by_its_tenant_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (ours, theirs) = (captured_payment(tenant, world.mint()), captured_payment(other, world.mint()));
    create(table, &[ours.clone(), theirs.clone()], world.now()).await;

    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for (tenant, id, expected) in [
            (tenant, ours.id, Some(&ours)),
            (other, theirs.id, Some(&theirs)),
            (tenant, theirs.id, None),
            (other, ours.id, None),
            (tenant, world.id(), None),
        ] {
            let found = table.payments.get(tenant, id, consistency).await.expect("a payment is read");
            assert_eq!(found.as_ref(), expected, "{consistency:?}");
        }
    }
    let succeeded = PaymentFilter { status: Some(PaymentStatus::Succeeded), ..PaymentFilter::default() };
    for filter in [PaymentFilter::default(), succeeded] {
        assert_payments(table, tenant, &filter, std::slice::from_ref(&ours)).await;
        assert_payments(table, other, &filter, std::slice::from_ref(&theirs)).await;
        assert_payments(table, world.tenant(), &filter, &[]).await;
    }
}

/// As many as a page has, and not one more.
pub async fn a_batch_finds_the_tenant_s_payments_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let make = |tenant| captured_payment(tenant, world.mint());
    let (ours, theirs) = ([make(tenant), make(tenant)], make(other));
    create(table, &ours, world.now()).await;
    create(table, std::slice::from_ref(&theirs), world.now()).await;

    let mut ids = BTreeSet::from([ours[0].id, ours[1].id, theirs.id]);
    ids.extend((ids.len()..BATCH_MAX).map(|_| world.id::<PaymentId>()));
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        let found = table.payments.get_many(tenant, &ids, consistency).await.expect("payments are read");
        assert_eq!(newest_first(found), newest_first(ours.to_vec()), "{consistency:?}");
        let none = table.payments.get_many(tenant, &BTreeSet::new(), consistency).await.expect("none of none");
        assert_eq!(none, []);
    }
    ids.insert(world.id());
    let refused = table.payments.get_many(tenant, &ids, Consistency::Strong).await.map_err(|error| error.kind);
    assert_eq!(refused, Err(PortErrorKind::Rejected), "{} ids", ids.len());
}

/// Also of one millisecond, where the rest of the id decides.
pub async fn payments_come_newest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut payments = Vec::new();
    for _ in 0..4 {
        world.advance(TICK);
        payments.extend([captured_payment(tenant, world.mint()), captured_payment(tenant, world.mint())]);
    }
    create(table, &payments, world.now()).await;

    assert_payments(table, tenant, &PaymentFilter::default(), &newest_first(payments)).await;
}

pub async fn pages_of_payments_stay_while_payments_arrive(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let filter = PaymentFilter { status: Some(PaymentStatus::Succeeded), ..PaymentFilter::default() };
    let mut payments: Vec<Payment> = Vec::new();
    for _ in 0..5 {
        world.advance(TICK);
        payments.push(captured_payment(tenant, world.mint()));
    }
    create(table, &payments, world.now()).await;

    let list = async |page| table.payments.list(tenant, &filter, page, Consistency::Eventual).await;
    let arrive = async || {
        world.advance(TICK);
        create(table, &[captured_payment(tenant, world.mint())], world.now()).await;
    };
    let seen = all_while(list, arrive).await;

    assert_eq!(seen, newest_first(payments), "payments that arrive while a list is read move none of its pages");
}

/// A change of state moves a payment from one list to the other.
pub async fn a_payment_is_listed_under_its_present_state(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let processing = payment(tenant, world.mint());
    create(table, std::slice::from_ref(&processing), now).await;
    let code = DeclineCode::DoNotHonor;
    let failed = processing.conclude(&domain::payment::Verdict::Declined { code }, now).expect("it was processing");
    write_changes(table.commerce, tenant, [Change::UpdatePayment(failed.clone())], now).await;

    let of = |status| PaymentFilter { status: Some(status), ..PaymentFilter::default() };
    assert_payments(table, tenant, &of(PaymentStatus::Processing), &[]).await;
    assert_payments(table, tenant, &of(PaymentStatus::Failed), &[failed]).await;
}

/// Every combination of filters, `from` inclusive and `to` exclusive.
pub async fn filters_of_payments_apply_together(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut payments = Vec::new();
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(world.advance(TICK));
        for status in [PaymentStatus::Succeeded, PaymentStatus::Refunded] {
            payments.extend([(); 2].map(|()| Payment { status, ..captured_payment(tenant, world.mint()) }));
        }
    }
    create(table, &payments, world.now()).await;
    let payments = newest_first(payments);

    let bounds = [None, Some(times[1]), Some(times[2])];
    for status in [None, Some(PaymentStatus::Succeeded), Some(PaymentStatus::Cancelled)] {
        for from in bounds {
            for to in bounds {
                let filter = PaymentFilter { status, from, to };
                let expected: Vec<Payment> =
                    payments.iter().filter(|payment| matches(payment, &filter)).cloned().collect();
                assert_payments(table, tenant, &filter, &expected).await;
            }
        }
    }
}

fn matches(payment: &Payment, filter: &PaymentFilter) -> bool {
    let PaymentFilter { status, from, to } = filter;
    status.is_none_or(|status| payment.status == status)
        && from.is_none_or(|from| payment.created_at >= from)
        && to.is_none_or(|to| payment.created_at < to)
}
