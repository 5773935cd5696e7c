//! The ledger: one transaction for each source, entries that never change, balances that are the sums of what was booked.

use domain::ids::{PaymentId, TenantId};
use domain::ledger::{
    AccountId, AccountKind, Balance, Entry, Posting, Source, Transaction, post_charge, post_refund, post_reversal,
    release_refund, reserve_refund,
};
use domain::money::Money;
use domain::payment::Payment;
use domain::refund::Refund;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::{Change, Commit};
use std::time::Duration;

use crate::builders::{amount, captured_payment, charge, currency, eur, record, refund, transaction_ids};
use crate::outcome::{Outcome, changes, commit, write_changes};
use crate::pages::assert_lists;
use crate::{CommerceTable, World};

const TICK: Duration = Duration::from_millis(1);

fn account(kind: AccountKind, code: &str) -> AccountId {
    AccountId { kind, currency: currency(code) }
}

fn transaction_of(posting: &Posting) -> Transaction {
    posting.transaction.clone().expect("the posting has a transaction")
}

async fn post(table: CommerceTable<'_>, tenant: TenantId, posting: &Posting, world: &World) {
    write_changes(table.commerce, tenant, [Change::Post(posting.clone())], world.now()).await;
}

async fn try_post(table: CommerceTable<'_>, tenant: TenantId, posting: &Posting, world: &World) -> Outcome {
    commit(table.commerce, changes(tenant, [Change::Post(posting.clone())], world.now())).await
}

async fn balance(table: CommerceTable<'_>, tenant: TenantId, account: AccountId) -> Option<Balance> {
    table.accounts.balance(tenant, account).await.expect("a balance is read")
}

/// That both EUR accounts stand as a merchant account of `posted` and `pending` makes them.
async fn assert_eur(table: CommerceTable<'_>, tenant: TenantId, posted: i64, pending: i64) {
    let (merchant, clearing) = (account(AccountKind::Merchant, "EUR"), account(AccountKind::Clearing, "EUR"));
    let expected = Some(Balance { account: merchant, posted, pending });
    assert_eq!(balance(table, tenant, merchant).await, expected, "the merchant's balance");
    let expected = Some(Balance { account: clearing, posted: -posted, pending: -pending });
    assert_eq!(balance(table, tenant, clearing).await, expected, "the clearing account's balance");
}

async fn assert_entries(table: CommerceTable<'_>, tenant: TenantId, account: AccountId, mut expected: Vec<Entry>) {
    expected.retain(|entry| entry.account == account);
    expected.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    let what = format!("the entries of {account}");
    assert_lists(&what, &expected, async |page| table.accounts.entries(tenant, account, page).await).await;
}

pub async fn a_transaction_is_found_by_its_source_and_tenant(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let payment = captured_payment(tenant, world.mint());
    let refund = refund(&payment, world.mint());
    let charge = charge(&payment, world.mint());
    let refunded = post_refund(&payment, &refund, transaction_ids(world.mint()), world.now());
    let reversal = transaction_of(&charge).reversal(transaction_ids(world.mint()), world.now()).expect("balanced");

    for posting in [charge, refunded, post_reversal(reversal)] {
        post(table, tenant, &posting, &world).await;
        let transaction = transaction_of(&posting);
        let find = async |tenant| {
            table.accounts.transaction(tenant, transaction.source()).await.expect("a transaction is read")
        };
        assert_eq!(find(tenant).await, Some(transaction.clone()));
        assert_eq!(find(other).await, None, "another tenant's transaction");
    }
    let unknown = Source::Charge(world.id::<PaymentId>());
    assert_eq!(table.accounts.transaction(tenant, unknown).await.expect("a transaction is read"), None);
}

/// What was posted first stays as it is, and so do the balances.
pub async fn a_source_is_posted_once(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let payment = captured_payment(tenant, world.mint());
    let first = charge(&payment, world.mint());
    post(table, tenant, &first, &world).await;

    let more = Payment { money: eur(5), ..payment.clone() };
    let source = Source::Charge(payment.id);
    for again in [first.clone(), charge(&payment, world.mint()), charge(&more, world.mint())] {
        assert_eq!(try_post(table, tenant, &again, &world).await, Outcome::AlreadyPosted(source));
    }
    let transaction = transaction_of(&first);
    assert_eq!(
        table.accounts.transaction(tenant, source).await.expect("a transaction is read"),
        Some(transaction.clone())
    );
    assert_entries(table, tenant, account(AccountKind::Merchant, "EUR"), transaction.entries().to_vec()).await;
    assert_eur(table, tenant, 1_000, 0).await;
}

pub async fn of_parallel_postings_of_a_source_one_stands(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let payment = captured_payment(tenant, world.mint());
    let rivals: Vec<Posting> = (0..6).map(|_| charge(&payment, world.mint())).collect();

    let told = join_all(rivals.iter().map(|rival| try_post(table, tenant, rival, &world))).await;

    let already = Outcome::AlreadyPosted(Source::Charge(payment.id));
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), 1, "parallel postings: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == already).count(), rivals.len() - 1, "parallel postings: {told:?}");
    assert_eur(table, tenant, 1_000, 0).await;
}

pub async fn a_transaction_is_reversed_once(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let charge = charge(&captured_payment(tenant, world.mint()), world.mint());
    post(table, tenant, &charge, &world).await;
    let reversal = || {
        let ids = transaction_ids(world.mint());
        post_reversal(transaction_of(&charge).reversal(ids, world.now()).expect("balanced"))
    };

    let first = reversal();
    post(table, tenant, &first, &world).await;
    let told = try_post(table, tenant, &reversal(), &world).await;
    assert_eq!(told, Outcome::AlreadyPosted(Source::Reversal(transaction_of(&charge).id())));

    assert_eur(table, tenant, 0, 0).await;
    let entries = [transaction_of(&charge), transaction_of(&first)].iter().flat_map(|t| t.entries().to_vec()).collect();
    assert_entries(table, tenant, account(AccountKind::Merchant, "EUR"), entries).await;
}

/// Also when all of them arrive at once and with their payments, as workers write them.
pub async fn a_balance_is_the_sum_of_parallel_postings(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let payments: Vec<Payment> =
        (1..=40).map(|n| Payment { money: eur(n), ..captured_payment(tenant, world.mint()) }).collect();
    let postings: Vec<Posting> = payments.iter().map(|payment| charge(payment, world.mint())).collect();

    let told = join_all(payments.iter().zip(&postings).map(|(payment, posting)| {
        let list = vec![Change::CreatePayment(payment.clone()), Change::Post(posting.clone())];
        let charging = Commit { record: Some(record(world.mint())), ..changes(tenant, list, world.now()) };
        commit(table.commerce, charging)
    }))
    .await;

    assert!(told.iter().all(|told| *told == Outcome::Done), "independent postings were refused: {told:?}");
    assert_eur(table, tenant, (1..=40).sum(), 0).await;
    let entries: Vec<Entry> = postings.iter().flat_map(|posting| transaction_of(posting).entries().to_vec()).collect();
    for kind in AccountKind::ALL {
        assert_entries(table, tenant, account(kind, "EUR"), entries.clone()).await;
    }
}

/// Pending is a counter of its own: it makes no entry and moves nothing posted.
pub async fn pending_is_kept_apart_from_posted(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let payment = captured_payment(tenant, world.mint());
    let part = |n| Refund { money: eur(n), ..refund(&payment, world.mint()) };
    let (kept, failed) = (part(300), part(200));

    post(table, tenant, &reserve_refund(&payment, &kept), &world).await;
    assert_eur(table, tenant, 0, -300).await;
    let charged = post_charge(&payment, payment.money.amount, transaction_ids(world.mint()), world.now());
    post(table, tenant, &charged, &world).await;
    assert_eur(table, tenant, 1_000, -300).await;
    post(table, tenant, &reserve_refund(&payment, &failed), &world).await;
    assert_eur(table, tenant, 1_000, -500).await;
    world.advance(TICK);
    let refunded = post_refund(&payment, &kept, transaction_ids(world.mint()), world.now());
    post(table, tenant, &refunded, &world).await;
    assert_eur(table, tenant, 700, -200).await;
    post(table, tenant, &release_refund(&payment, &failed), &world).await;
    assert_eur(table, tenant, 700, 0).await;

    let entries = [charged, refunded].iter().flat_map(|posting| transaction_of(posting).entries().to_vec()).collect();
    assert_entries(table, tenant, account(AccountKind::Merchant, "EUR"), entries).await;
}

/// No account exists before something is booked on it; no tenant sees another's.
pub async fn accounts_are_listed_by_id_once_booked_on(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    assert_eq!(balance(table, tenant, account(AccountKind::Merchant, "EUR")).await, None);

    let mut expected = Vec::new();
    for (code, minor_units) in [("USD", 50), ("EUR", 100), ("JPY", 7), ("CHF", 9)] {
        let money = Money { amount: amount(minor_units), currency: currency(code) };
        // Twice, so that accounts have more than one row.
        for _ in 0..2 {
            let payment = Payment { money, ..captured_payment(tenant, world.mint()) };
            post(table, tenant, &charge(&payment, world.mint()), &world).await;
        }
        let posted = 2 * minor_units;
        expected.push(Balance { account: account(AccountKind::Merchant, code), posted, pending: 0 });
        expected.push(Balance { account: account(AccountKind::Clearing, code), posted: -posted, pending: 0 });
    }
    expected.sort_by_key(|balance| balance.account.to_string());

    assert_lists("the accounts", &expected, async |page| table.accounts.list(tenant, page).await).await;
    assert_lists("another tenant's accounts", &[], async |page| table.accounts.list(other, page).await).await;
    assert_eq!(balance(table, other, account(AccountKind::Merchant, "EUR")).await, None, "another tenant's balance");
    assert_eq!(balance(table, tenant, account(AccountKind::Merchant, "GBP")).await, None, "nothing was booked on it");
}

pub async fn entries_come_newest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let mut entries = Vec::new();
    for code in ["EUR", "EUR", "USD", "EUR", "EUR", "EUR"] {
        world.advance(TICK);
        let money = Money { amount: amount(10), currency: currency(code) };
        let posting = charge(&Payment { money, ..captured_payment(tenant, world.mint()) }, world.mint());
        post(table, tenant, &posting, &world).await;
        entries.extend(transaction_of(&posting).entries().to_vec());
    }

    for kind in AccountKind::ALL {
        assert_entries(table, tenant, account(kind, "EUR"), entries.clone()).await;
        assert_entries(table, tenant, account(kind, "USD"), entries.clone()).await;
        assert_entries(table, tenant, account(kind, "GBP"), Vec::new()).await;
        assert_entries(table, other, account(kind, "EUR"), Vec::new()).await;
    }
}
