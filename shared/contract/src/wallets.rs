//! Wallets: kept as they were made, found by tenant and account, and never overdrawn, whoever books on them at once.

use domain::ids::{TenantId, WalletId};
use domain::ledger::{AccountId, AccountKind, Posting, post_charge, post_refund, release_refund, reserve_refund};
use domain::metadata::Metadata;
use domain::payment::{Method, Payment};
use domain::refund::Refund;
use domain::wallet::{Overdrawn, Wallet};
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::{Change, Commit, Consistency};
use std::time::Duration;

use crate::builders::{captured_payment, currency, eur, payment, record, refund, transaction_ids, wallet};
use crate::outcome::{Outcome, changes, commit, write_changes};
use crate::pages::{all_while, assert_lists};
use crate::rows::stored_payment;
use crate::{CommerceTable, World};

/// So many payments of [`PART`] ask for a wallet of [`HELD`] at once, and so many of them fit.
const RIVALS: usize = 8;
const PART: i64 = 300;
const HELD: i64 = 1_000;
const FIT: usize = 3;

async fn create(table: CommerceTable<'_>, world: &World, wallets: &[Wallet]) {
    for wallet in wallets {
        write_changes(table.commerce, wallet.tenant, [Change::CreateWallet(wallet.clone())], world.now()).await;
    }
}

async fn stored(table: CommerceTable<'_>, wallet: &Wallet) -> Option<Wallet> {
    table.wallets.get(wallet.tenant, wallet.account(), Consistency::Strong).await.expect("a wallet is read")
}

/// A card payment of [`HELD`] into the wallet.
fn top_up(wallet: &Wallet, world: &World) -> Payment {
    Payment { top_up: Some(wallet.id), ..captured_payment(wallet.tenant, world.mint()) }
}

fn spend(wallet: &Wallet, minor_units: i64, world: &World) -> Payment {
    let method = Method::Wallet { wallet: wallet.id };
    Payment { method, money: eur(minor_units), ..captured_payment(wallet.tenant, world.mint()) }
}

fn charge(payment: &Payment, world: &World) -> Posting {
    post_charge(payment, payment.money.amount, transaction_ids(world.mint()), world.now())
}

async fn post(table: CommerceTable<'_>, tenant: TenantId, posting: Posting, world: &World) -> Outcome {
    commit(table.commerce, changes(tenant, [Change::Post(posting)], world.now())).await
}

/// A wallet of [`HELD`], with the top-up that it has it from.
async fn filled(table: CommerceTable<'_>, world: &World) -> (Wallet, Payment) {
    let wallet = wallet(world.tenant(), world.mint());
    create(table, world, std::slice::from_ref(&wallet)).await;
    let top_up = top_up(&wallet, world);
    assert_eq!(post(table, wallet.tenant, charge(&top_up, world), world).await, Outcome::Done);
    (wallet, top_up)
}

fn overdrawn(wallet: &Wallet, available: i64) -> Outcome {
    Outcome::Overdrawn(Overdrawn { account: wallet.account(), available })
}

pub async fn every_field_of_a_wallet_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let full = wallet(tenant, world.mint());
    let bare = Wallet { customer: None, metadata: Metadata::default(), ..wallet(tenant, world.mint()) };
    let with_money = Wallet { posted: 700, pending: -200, currency: currency("JPY"), ..wallet(tenant, world.mint()) };
    for expected in [full, bare, with_money] {
        create(table, &world, std::slice::from_ref(&expected)).await;
        let again = Change::CreateWallet(Wallet { posted: 9, ..expected.clone() });
        assert_eq!(commit(table.commerce, changes(tenant, [again], world.now())).await, Outcome::Stale);
        assert_eq!(stored(table, &expected).await, Some(expected.clone()));
        let balance = table.accounts.balance(tenant, expected.account()).await.expect("a balance is read");
        assert_eq!(balance, Some(expected.balance()), "a wallet is an account");
    }
}

/// Its currency is part of its name.
pub async fn a_wallet_is_found_by_its_tenant_and_account_alone(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let ours = wallet(tenant, world.mint());
    create(table, &world, std::slice::from_ref(&ours)).await;
    let dollars = AccountId { currency: currency("USD"), ..ours.account() };
    let nobody_s = AccountId { kind: AccountKind::Wallet(world.id::<WalletId>()), ..ours.account() };
    let merchant = AccountId { kind: AccountKind::Merchant, ..ours.account() };
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for (tenant, account, expected) in [
            (tenant, ours.account(), Some(&ours)),
            (other, ours.account(), None),
            (tenant, dollars, None),
            (tenant, nobody_s, None),
            (tenant, merchant, None),
        ] {
            let found = table.wallets.get(tenant, account, consistency).await.expect("a wallet is read");
            assert_eq!(found.as_ref(), expected, "{account}, {consistency:?}");
        }
    }
    for (tenant, account) in [(other, ours.account()), (tenant, dollars), (tenant, nobody_s)] {
        assert_eq!(table.accounts.balance(tenant, account).await.expect("a balance is read"), None, "{account}");
    }
    assert_lists("another tenant's wallets", &[], async |page| table.wallets.list(other, page).await).await;
}

pub async fn wallets_come_newest_first_while_wallets_arrive(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut wallets = Vec::new();
    for code in ["EUR", "USD", "JPY", "EUR"] {
        world.advance(Duration::from_millis(1));
        wallets.push(Wallet { currency: currency(code), ..wallet(tenant, world.mint()) });
    }
    create(table, &world, &wallets).await;
    wallets.sort_by_key(|wallet| std::cmp::Reverse(wallet.id));
    let list = async |page| table.wallets.list(tenant, page).await;
    assert_lists("the wallets", &wallets, list).await;
    let arrive = async || {
        world.advance(Duration::from_millis(1));
        create(table, &world, &[wallet(tenant, world.mint())]).await;
    };
    assert_eq!(all_while(list, arrive).await, wallets, "wallets that arrive move no page");
    let accounts = async |page| table.accounts.list(tenant, page).await;
    assert_lists("the accounts beside wallets", &[], accounts).await;
}

pub async fn what_needs_a_wallet_is_refused_without_one(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (ours, theirs) = (wallet(tenant, world.mint()), wallet(other, world.mint()));
    create(table, &world, &[ours.clone(), theirs.clone()]).await;
    let none = wallet(tenant, world.mint());
    let dollars = AccountId { currency: currency("USD"), ..ours.account() };
    for (account, expected) in [
        (ours.account(), Outcome::Done),
        (theirs.account(), Outcome::WalletMissing),
        (none.account(), Outcome::WalletMissing),
        (dollars, Outcome::WalletMissing),
    ] {
        let payment = payment(tenant, world.mint());
        let list = [Change::CreatePayment(payment.clone()), Change::RequireWallet(account)];
        assert_eq!(commit(table.commerce, changes(tenant, list, world.now())).await, expected, "{account}");
        let exists = stored_payment(table, tenant, payment.id).await.is_some();
        assert_eq!(exists, expected == Outcome::Done, "a payment is there exactly when its wallet is");
    }
    for posting in [charge(&top_up(&none, &world), &world), charge(&spend(&none, 1, &world), &world)] {
        assert_eq!(post(table, tenant, posting, &world).await, Outcome::WalletMissing);
    }
    assert_eq!(stored(table, &none).await, None, "a refused booking made a wallet");
    assert_eq!(stored(table, &ours).await, Some(ours.clone()), "a wallet that is needed stays as it is");
}

/// Each as the payments worker settles it.
pub async fn parallel_spending_never_overdraws(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (wallet, _) = filled(table, &world).await;
    let tenant = wallet.tenant;
    let payments: Vec<Payment> = (0..RIVALS).map(|_| spend(&wallet, PART, &world)).collect();

    let told = join_all(payments.iter().map(|payment| {
        let list = vec![Change::CreatePayment(payment.clone()), Change::Post(charge(payment, &world))];
        commit(table.commerce, Commit { record: Some(record(world.mint())), ..changes(tenant, list, world.now()) })
    }))
    .await;

    let left = HELD - FIT as i64 * PART;
    let refused = overdrawn(&wallet, left);
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), FIT, "parallel spending: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == refused).count(), RIVALS - FIT, "parallel spending: {told:?}");
    assert_eq!(stored(table, &wallet).await, Some(Wallet { posted: left, ..wallet.clone() }));
    for (payment, told) in payments.iter().zip(&told) {
        let exists = stored_payment(table, tenant, payment.id).await.is_some();
        assert_eq!(exists, *told == Outcome::Done, "a payment stands exactly when the wallet has paid");
    }
    let entries = table.accounts.entries(tenant, wallet.account(), Default::default()).await.expect("entries are read");
    let amounts: Vec<i64> = entries.items.iter().map(|entry| entry.amount).collect();
    assert_eq!((amounts.len(), amounts.iter().sum()), (FIT + 1, left), "the entries are the balance");
}

/// What a refund of a top-up has reserved is neither spent nor reserved again, until it is released.
pub async fn what_is_reserved_cannot_be_spent(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (wallet, top_up) = filled(table, &world).await;
    let tenant = wallet.tenant;
    let part = |minor_units| Refund { money: eur(minor_units), ..refund(&top_up, world.mint()) };
    let (kept, failed, too_much) = (part(600), part(300), part(101));
    for reserved in [&kept, &failed] {
        assert_eq!(post(table, tenant, reserve_refund(&top_up, reserved), &world).await, Outcome::Done);
    }
    let refused = overdrawn(&wallet, 100);
    assert_eq!(post(table, tenant, reserve_refund(&top_up, &too_much), &world).await, refused);
    assert_eq!(post(table, tenant, charge(&spend(&wallet, 101, &world), &world), &world).await, refused);
    assert_eq!(post(table, tenant, charge(&spend(&wallet, 100, &world), &world), &world).await, Outcome::Done);

    let done = post_refund(&top_up, &kept, transaction_ids(world.mint()), world.now());
    assert_eq!(post(table, tenant, done, &world).await, Outcome::Done, "what was reserved goes out of an empty wallet");
    assert_eq!(post(table, tenant, charge(&spend(&wallet, 1, &world), &world), &world).await, overdrawn(&wallet, 0));
    assert_eq!(post(table, tenant, release_refund(&top_up, &failed), &world).await, Outcome::Done);
    assert_eq!(stored(table, &wallet).await, Some(Wallet { posted: 300, ..wallet.clone() }));
    assert_eq!(post(table, tenant, charge(&spend(&wallet, 300, &world), &world), &world).await, Outcome::Done);
}

/// What comes back of a wallet's payment is there when it is posted, not before.
pub async fn a_refund_into_a_wallet_is_spent_once_it_is_there(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (wallet, _) = filled(table, &world).await;
    let tenant = wallet.tenant;
    let spent = spend(&wallet, HELD, &world);
    assert_eq!(post(table, tenant, charge(&spent, &world), &world).await, Outcome::Done);
    let refund = refund(&spent, world.mint());
    assert_eq!(post(table, tenant, reserve_refund(&spent, &refund), &world).await, Outcome::Done);
    let again = charge(&spend(&wallet, refund.money.amount.get(), &world), &world);
    assert_eq!(post(table, tenant, again.clone(), &world).await, overdrawn(&wallet, 0));
    let done = post_refund(&spent, &refund, transaction_ids(world.mint()), world.now());
    assert_eq!(post(table, tenant, done, &world).await, Outcome::Done);
    assert_eq!(post(table, tenant, again, &world).await, Outcome::Done);
    assert_eq!(stored(table, &wallet).await, Some(wallet.clone()));
}
