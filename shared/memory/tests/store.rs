//! The change streams, the caller's faults that DynamoDB refuses, and time-to-live.

use coffer_memory::{Faults, Store};
use contract::World;
use contract::builders::{captured_payment, charge, eur, event, order, record, session, tenant, user};
use domain::event::Event;
use domain::identity::User;
use domain::order::{Order, OrderStatus};
use domain::page::{Limit, PageRequest};
use ports::PortErrorKind;
use ports::clock::Clock as _;
use ports::commerce::{Change, Commerce, Commit, CommitError, Due, Events, OrderFilter, Orders};
use ports::identity::{Sessions, Tenants, Users};
use ports::stream::{Image, StreamChange};

const SEED: u128 = 5;

fn commit_of(order: &Order, changes: Vec<Change>, events: Vec<Event>, world: &World) -> Commit {
    Commit { tenant: order.tenant, record: None, changes, events, now: world.now() }
}

fn changed(old: Option<Image>, new: Option<Image>) -> StreamChange {
    StreamChange { old, new }
}

#[tokio::test]
async fn the_stream_has_every_committed_change_once() {
    let (world, store) = (World::new(SEED), Store::new(Faults::none()));
    let created = order(world.tenant(), world.mint());
    let event = event(created.tenant, world.mint());
    let creating = commit_of(&created, vec![Change::CreateOrder(created.clone())], vec![event.clone()], &world);
    store.commit(creating.clone()).await.expect("it is new");
    assert!(store.commit(creating).await.is_err(), "it is there");
    let hold = Change::HoldOrder { order: created.id, money: eur(10) };
    store.commit(commit_of(&created, vec![hold], Vec::new(), &world)).await.expect("it is open");
    for _ in 0..2 {
        store.mark_published(&event).await.expect("no fault is planned");
    }

    let held = created.hold(eur(10), world.now()).expect("it is open");
    let expected = [
        changed(None, Some(Image::Order(created.clone()))),
        changed(None, Some(Image::Event(event.clone()))),
        changed(Some(Image::Order(created)), Some(Image::Order(held))),
        changed(Some(Image::Event(event.clone())), Some(Image::Event(event))),
    ];
    assert_eq!(store.take_stream(), expected);
    assert_eq!(store.take_stream(), []);
}

#[tokio::test]
async fn the_identity_stream_shows_removals() {
    let (world, store) = (World::new(SEED), Store::new(Faults::none()));
    let tenant = tenant(world.mint());
    let owner = user(tenant.id, world.mint());
    let session = session(&owner, world.mint());
    Tenants::create(&store, &tenant, &owner).await.expect("it is new");
    let renamed = User { version: 2, ..owner.clone() };
    store.update(&renamed).await.expect("it is as read");
    Sessions::create(&store, &session).await.expect("it is new");
    store.delete(&renamed).await.expect("it is as read");

    let expected = [
        changed(None, Some(Image::Tenant(tenant))),
        changed(None, Some(Image::User(owner.clone()))),
        changed(Some(Image::User(owner)), Some(Image::User(renamed.clone()))),
        changed(None, Some(Image::Session(session))),
        changed(Some(Image::User(renamed)), None),
    ];
    let mut stream = store.take_stream();
    stream.retain(|change| change.new != Some(Image::Other));
    assert_eq!(stream, expected);
}

/// Two changes of one row, or a row of another tenant: DynamoDB would refuse the first, nobody should try the second.
#[tokio::test]
async fn a_commit_that_makes_no_sense_is_rejected() {
    let (world, store) = (World::new(SEED), Store::new(Faults::none()));
    let order = order(world.tenant(), world.mint());
    let theirs = Order { tenant: world.tenant(), ..order.clone() };
    let payment = captured_payment(order.tenant, world.mint());
    let create = Change::CreateOrder(order.clone());
    let hold = Change::HoldOrder { order: order.id, money: eur(1) };
    let post = || Change::Post(charge(&payment, world.mint()));
    let foreign_event = event(theirs.tenant, world.mint());
    for (changes, events) in [
        (vec![create.clone(), hold], vec![]),
        (vec![post(), post()], vec![]),
        (vec![Change::CreateOrder(theirs)], vec![]),
        (vec![create], vec![foreign_event]),
    ] {
        match store.commit(commit_of(&order, changes, events, &world)).await {
            Err(CommitError::Port(error)) => assert_eq!(error.kind, PortErrorKind::Rejected),
            told => panic!("{told:?}"),
        }
    }
    assert!(store.contents().orders.is_empty() && store.contents().transactions.is_empty());
}

#[tokio::test]
async fn expired_rows_can_be_deleted() {
    let (world, store) = (World::new(SEED), Store::new(Faults::none()));
    let order = order(world.tenant(), world.mint());
    let event = event(order.tenant, world.mint());
    let kept = record(world.mint());
    let commit = Commit { record: Some(kept.clone()), ..commit_of(&order, Vec::new(), vec![event.clone()], &world) };
    store.commit(commit).await.expect("it is new");
    let session = session(&user(order.tenant, world.mint()), world.mint());
    Sessions::create(&store, &session).await.expect("it is new");
    store.take_stream();

    store.delete_expired(kept.expires_at);
    assert_eq!((store.contents().events.len(), store.contents().sessions.len()), (1, 1));
    store.delete_expired(session.expires_at.max(event.expires_at()));
    assert_eq!((store.contents().events.len(), store.contents().sessions.len()), (1, 0), "no queue has seen the event");
    store.mark_published(&event).await.expect("no fault is planned");
    store.delete_expired(event.expires_at());
    assert_eq!(store.contents().events.len(), 0);
    assert!(Due::events(&store, event.expires_at(), 10).await.expect("no fault is planned").is_empty());
    store.mark_published(&event).await.expect("an event that is gone is no error");
    let removals = [changed(Some(Image::Event(event)), None), changed(Some(Image::Session(session)), None)];
    let stream = store.take_stream();
    assert!(stream.ends_with(&removals), "the stream tells of removals: {stream:?}");
}

/// As the real index does: a page of the customer's orders is read first and sifted by state then.
#[tokio::test]
async fn a_page_by_customer_and_state_may_be_short() {
    let (world, store) = (World::new(SEED), Store::new(Faults::none()));
    let first = order(world.tenant(), world.mint());
    let statuses = [OrderStatus::Open, OrderStatus::Paid, OrderStatus::Open];
    for status in statuses {
        let order = Order { id: world.id(), status, ..first.clone() };
        let create = commit_of(&order, vec![Change::CreateOrder(order.clone())], Vec::new(), &world);
        store.commit(create).await.expect("it is new");
    }
    let customer = Some(first.customer.email.clone());
    let filter = OrderFilter { customer, status: Some(OrderStatus::Cancelled), ..OrderFilter::default() };
    let limit = Limit::new(1).expect("from 1 to 100");
    let request = PageRequest { limit, after: None };
    let page = Orders::list(&store, first.tenant, &filter, request).await.expect("no fault is planned");
    assert!(page.items.is_empty() && page.next.is_some());
}
