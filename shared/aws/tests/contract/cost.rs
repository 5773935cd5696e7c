//! What each method costs in calls, counted where they leave the SDK. `docs/DATA.md` and `docs/COST.md` rely on it.

use std::collections::{BTreeMap, BTreeSet};

use coffer_aws::{CallCounter, CommerceTable, IdentityTable};
use contract::World;
use contract::builders::{
    captured_payment, charge, email, event, order, payment, record, refund, session, tenant, user, wallet,
};
use domain::identity::User;
use domain::ledger::{AccountId, AccountKind, Source};
use domain::order::OrderStatus;
use domain::page::{Limit, PageRequest};
use domain::payment::{Payment, PaymentStatus};
use ports::clock::Clock;
use ports::commerce::{
    Accounts, BATCH_MAX, Change, Commerce, Commit, Consistency, Due, EventFilter, Events, OrderFilter, Orders,
    PaymentFilter, Payments, Refunds, Wallets,
};
use ports::identity::{AttemptScope, LoginAttempts, RotateRequest, Sessions, Tenants, Users};

use crate::place::{aws, create_table, delete_table, seed, unique_name};

fn calls<const N: usize>(expected: [(&str, u32); N]) -> BTreeMap<String, u32> {
    expected.into_iter().map(|(operation, count)| (operation.to_owned(), count)).collect()
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn commerce_costs_what_it_says() {
    let (counter, world, plain) = (CallCounter::default(), World::new(seed()), aws());
    let name = unique_name("commerce");
    create_table(&plain, &name, true).await;
    let table = CommerceTable::new(&plain.clone().counted_by(counter.clone()), name.as_str());
    let (mint, now) = (world.mint(), world.now());
    let tenant = world.tenant();
    let commit = |record, changes, events| Commit { tenant, record, changes, events, now };

    // POST /v1/orders, then POST /v1/payments: each one transaction, whatever is in it.
    let order = order(tenant, mint);
    let payment = payment(tenant, mint);
    let create_order = vec![Change::CreateOrder(order.clone())];
    table.commit(commit(Some(record(mint)), create_order, vec![event(tenant, mint)])).await.expect("committed");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 1)]), "an order");
    let hold = Change::HoldOrder { order: order.id, money: payment.money };
    let create_payment = vec![Change::CreatePayment(payment.clone()), hold];
    let claim = record(mint);
    let events = vec![event(tenant, mint)];
    let create_payment = commit(Some(claim.clone()), create_payment, events);
    table.commit(create_payment.clone()).await.expect("committed");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 1)]), "a payment");
    table.commit(create_payment).await.expect_err("claimed");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 1)]), "a repeated payment");

    // A payment is settled: the payment, the ledger, the order and its events.
    let captured = captured_payment(tenant, mint);
    let settle = vec![Change::CreatePayment(captured.clone()), Change::Post(charge(&captured, mint))];
    table.commit(commit(None, settle, vec![event(tenant, mint), event(tenant, mint)])).await.expect("committed");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 1)]), "a settled payment");
    table.find_record(tenant, &claim.claim, now).await.expect("read");
    assert_eq!(counter.take(), calls([("GetItem", 1)]), "a record");

    let consistency = Consistency::Eventual;
    let refund = refund(&captured, mint);
    Orders::get(&table, tenant, order.id, consistency).await.expect("read");
    Payments::get(&table, tenant, payment.id, consistency).await.expect("read");
    Refunds::get(&table, tenant, captured.id, refund.id, consistency).await.expect("read");
    Events::get(&table, tenant, world.id()).await.expect("read");
    table.transaction(tenant, Source::Charge(captured.id)).await.expect("read");
    assert_eq!(counter.take(), calls([("GetItem", 5)]), "by id");
    let orders = (0..BATCH_MAX).map(|_| world.id()).collect();
    Orders::get_many(&table, tenant, &orders, consistency).await.expect("read");
    Payments::get_many(&table, tenant, &BTreeSet::from([payment.id]), consistency).await.expect("read");
    Payments::get_many(&table, tenant, &BTreeSet::new(), consistency).await.expect("read");
    assert_eq!(counter.take(), calls([("BatchGetItem", 2)]), "many by id");

    // A payment into a wallet: that it exists is part of the transaction, its balance is in it.
    let wallet = wallet(tenant, mint);
    let create_wallet = vec![Change::CreateWallet(wallet.clone())];
    table.commit(commit(Some(record(mint)), create_wallet, vec![event(tenant, mint)])).await.expect("committed");
    let top_up = Payment { top_up: Some(wallet.id), ..captured_payment(tenant, mint) };
    let take_in = vec![Change::CreatePayment(top_up.clone()), Change::RequireWallet(wallet.account())];
    table.commit(commit(Some(record(mint)), take_in, vec![event(tenant, mint)])).await.expect("committed");
    let settle = vec![Change::Post(charge(&top_up, mint))];
    table.commit(commit(None, settle, vec![event(tenant, mint)])).await.expect("committed");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 3)]), "a wallet and a top-up");
    Wallets::get(&table, tenant, wallet.account(), consistency).await.expect("read");
    table.balance(tenant, wallet.account()).await.expect("read");
    assert_eq!(counter.take(), calls([("GetItem", 2)]), "a wallet and its balance");
    Wallets::list(&table, tenant, PageRequest::default()).await.expect("listed");
    assert_eq!(counter.take(), calls([("Query", 1)]), "wallets");

    let status = Some(OrderStatus::Open);
    for (status, customer) in [(None, None), (status, None), (None, Some(email(mint))), (status, Some(email(mint)))] {
        let filter = OrderFilter { status, customer, from: Some(now), to: None };
        Orders::list(&table, tenant, &filter, PageRequest::default()).await.expect("listed");
    }
    for status in [None, Some(PaymentStatus::Processing)] {
        let filter = PaymentFilter { status, from: None, to: Some(now) };
        Payments::list(&table, tenant, &filter, PageRequest::default(), Consistency::Eventual).await.expect("listed");
    }
    Refunds::list(&table, tenant, captured.id, PageRequest::default()).await.expect("listed");
    Events::list(&table, tenant, &EventFilter::default(), PageRequest::default()).await.expect("listed");
    let account = AccountId { kind: AccountKind::Merchant, currency: captured.money.currency };
    table.balance(tenant, account).await.expect("read");
    Accounts::list(&table, tenant, PageRequest::default()).await.expect("listed");
    table.entries(tenant, account, PageRequest::default()).await.expect("listed");
    assert_eq!(counter.take(), calls([("Query", 11)]), "lists and balances");

    table.mark_published(&event(tenant, mint)).await.expect("marked");
    assert_eq!(counter.take(), calls([("UpdateItem", 1)]), "an event is published");
    Due::payments(&table, now, 100).await.expect("read");
    assert_eq!(counter.take(), calls([("Query", 16)]), "what is due: one for each shard");
    delete_table(&plain, &name).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn identity_costs_what_it_says() {
    let (counter, world, plain) = (CallCounter::default(), World::new(seed()), aws());
    let name = unique_name("identity");
    create_table(&plain, &name, false).await;
    let table = IdentityTable::new(&plain.clone().counted_by(counter.clone()), name.as_str());
    let (mint, now) = (world.mint(), world.now());
    let tenant = tenant(mint);
    let (owner, member) = (user(tenant.id, mint), user(tenant.id, mint));

    Tenants::create(&table, &tenant, &owner).await.expect("created");
    Users::create(&table, &member, Some(record(mint)), now).await.expect("created");
    let renamed = User { version: 2, ..member.clone() };
    table.update(&renamed).await.expect("updated");
    table.delete(&renamed).await.expect("deleted");
    assert_eq!(counter.take(), calls([("TransactWriteItems", 4)]), "writes of users");
    Tenants::get(&table, tenant.id, Consistency::Eventual).await.expect("read");
    Users::get(&table, tenant.id, owner.id, Consistency::Eventual).await.expect("read");
    assert_eq!(counter.take(), calls([("GetItem", 2)]), "by id");
    Users::list(&table, tenant.id, PageRequest::default()).await.expect("listed");
    Users::eldest(&table, tenant.id, Limit::LARGEST).await.expect("listed");
    table.logins(&owner.email).await.expect("found");
    assert_eq!(counter.take(), calls([("Query", 3)]), "lists");

    let session = session(&owner, mint);
    Sessions::create(&table, &session).await.expect("created");
    Sessions::get(&table, tenant.id, session.id).await.expect("read");
    assert_eq!(counter.take(), calls([("PutItem", 1), ("GetItem", 1)]), "a session");
    let rotate = RotateRequest {
        tenant: tenant.id,
        id: session.id,
        family_hash: session.family_hash,
        presented_hash: session.refresh_hash,
        next_hash: [1; 32],
        expires_at: session.expires_at,
        now,
    };
    table.rotate(rotate.clone()).await.expect("rotated");
    assert_eq!(counter.take(), calls([("UpdateItem", 1)]), "a good token");
    table.rotate(RotateRequest { next_hash: [2; 32], ..rotate }).await.expect("told");
    assert_eq!(counter.take(), calls([("UpdateItem", 2)]), "a used token");

    let scope = AttemptScope::Account(owner.email);
    table.count(&scope, now).await.expect("counted");
    assert_eq!(counter.take(), calls([("UpdateItem", 1), ("PutItem", 1)]), "a window's first attempt");
    table.count(&scope, now).await.expect("counted");
    assert_eq!(counter.take(), calls([("UpdateItem", 1)]), "another attempt");
    table.forget(&scope).await.expect("forgotten");
    assert_eq!(counter.take(), calls([("DeleteItem", 1)]));
    delete_table(&plain, &name).await;
}

/// An answer that was lost is no second use of the token: the SDK's own retry finds what its first try wrote.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_same_rotation_again_gives_the_same_token() {
    let world = World::new(seed());
    crate::place::with_identity(async |table| {
        let session = session(&user(world.tenant(), world.mint()), world.mint());
        Sessions::create(table, &session).await.expect("created");
        let rotate = RotateRequest {
            tenant: session.tenant,
            id: session.id,
            family_hash: session.family_hash,
            presented_hash: session.refresh_hash,
            next_hash: [1; 32],
            expires_at: session.expires_at,
            now: world.now(),
        };
        let first = table.rotate(rotate.clone()).await.expect("rotated");
        assert_eq!(table.rotate(rotate).await.expect("rotated"), first);
    })
    .await;
}
