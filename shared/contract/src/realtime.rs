//! Sockets by their versions, feeds by their numbers, and connections that are no more.

use domain::access::{Caller, Grant};
use domain::event::EventType;
use domain::feed::{FeedBlock, FeedPlace, Told};
use domain::ids::TenantId;
use domain::socket::{Socket, SocketId, Topic};
use domain::turn::Turn;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::realtime::{Feeds, Pushed, Pusher, Sockets};

use crate::builders::socket;
use crate::{PlatformTable, World};

async fn stored(sockets: &dyn Sockets, socket: &Socket) -> Option<Socket> {
    sockets.get(socket.tenant(), &socket.id).await.expect("a socket is read")
}

async fn put(sockets: &dyn Sockets, socket: &Socket) -> bool {
    sockets.put(socket).await.expect("a socket is written")
}

pub async fn every_field_of_a_socket_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let of_user = socket(world.tenant(), world.mint());
    let grant = Grant::Scopes(vec!["events:read".to_owned(), "orders:read".to_owned()]);
    let caller = Caller { grant, session: None, ..of_user.caller.clone() };
    let of_client = Socket { caller, ..socket(world.tenant(), world.mint()) };
    for new in [of_user, of_client] {
        assert_eq!(stored(table.sockets, &new).await, None);
        assert!(put(table.sockets, &new).await);
        assert_eq!(stored(table.sockets, &new).await, Some(new.clone()));
        let (topics, place) = (Topic::all(), FeedPlace { block: 7, events: 3 });
        let next = new.subscribed(&topics, Some(place), world.now());
        let next = Socket { turn: Turn { wanted: true, ..next.turn }, ..next };
        assert!(put(table.sockets, &next).await);
        assert_eq!(stored(table.sockets, &next).await, Some(next));
    }
}

pub async fn a_socket_is_written_on_the_version_before_it(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let first = socket(world.tenant(), world.mint());
    assert!(!put(table.sockets, &first.turned(Turn::FREE)).await, "there is none");
    assert!(put(table.sockets, &first).await);
    assert!(!put(table.sockets, &first).await, "there is one");
    let next = first.turned(Turn::taken(world.now()));
    let at_once = join_all((0..5).map(|_| table.sockets.put(&next))).await;
    assert_eq!(at_once.into_iter().filter(|written| matches!(written, Ok(true))).count(), 1, "of five at once");
    assert!(!put(table.sockets, &first.turned(first.turn.asked_for_more())).await, "stale");
    assert_eq!(stored(table.sockets, &first).await, Some(next));
}

pub async fn a_removed_socket_is_gone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let socket = socket(world.tenant(), world.mint());
    assert!(put(table.sockets, &socket).await);
    table.sockets.remove(world.tenant(), &socket.id).await.expect("nobody's");
    assert!(stored(table.sockets, &socket).await.is_some(), "another tenant's stays");
    for _ in 0..2 {
        table.sockets.remove(socket.tenant(), &socket.id).await.expect("removed");
        assert_eq!(stored(table.sockets, &socket).await, None);
    }
    assert!(!put(table.sockets, &socket.turned(Turn::taken(world.now()))).await, "it does not come back");
}

pub async fn a_tenant_s_sockets_come_all_at_once(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut expected: Vec<Socket> = (0..7).map(|_| socket(tenant, world.mint())).collect();
    for socket in &expected {
        assert!(put(table.sockets, socket).await);
    }
    assert!(put(table.sockets, &socket(world.tenant(), world.mint())).await);
    let mut found = table.sockets.all(tenant).await.expect("they are read");
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, expected);
    assert_eq!(table.sockets.all(world.tenant()).await.expect("none"), []);
}

fn told(world: &World, kind: EventType) -> Told {
    Told { event: world.id(), kind }
}

/// A feed of a first block and so many others.
async fn feed(feeds: &dyn Feeds, world: &World, tenant: TenantId, others: usize) -> Vec<FeedBlock> {
    let mut blocks = vec![FeedBlock::first(tenant, world.id(), world.now())];
    for index in 0..others {
        let event = told(world, EventType::OrderPaid);
        // Some have been read over, and hold nothing.
        let events = if index % 3 == 2 { Vec::new() } else { vec![event] };
        let next = blocks.last().map(|last| last.followed_by(events, event.event, world.now()));
        blocks.extend(next);
    }
    for block in &blocks {
        assert!(feeds.append(block).await.expect("a block is written"));
    }
    blocks
}

pub async fn every_field_of_a_feed_block_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let first = FeedBlock::first(world.tenant(), world.id(), world.now());
    let events: Vec<Told> = EventType::ALL.iter().map(|kind| told(&world, *kind)).collect();
    let next = first.followed_by(events, world.id(), world.now());
    for block in [&first, &next] {
        assert!(table.feeds.append(block).await.expect("a block is written"));
    }
    assert_eq!(table.feeds.from(first.tenant, 1, 10).await.expect("read"), [first, next]);
}

pub async fn a_feed_s_number_is_given_once(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let first = FeedBlock::first(world.tenant(), world.id(), world.now());
    assert!(table.feeds.append(&first).await.expect("a block is written"));
    let followers: Vec<FeedBlock> = (0..5)
        .map(|_| {
            let event = told(&world, EventType::JobCreated);
            first.followed_by(vec![event], event.event, world.now())
        })
        .collect();
    let written = join_all(followers.iter().map(|block| table.feeds.append(block))).await;
    let stands: Vec<&FeedBlock> = followers
        .iter()
        .zip(written)
        .filter(|(_, written)| matches!(written, Ok(true)))
        .map(|(block, _)| block)
        .collect();
    assert_eq!(stands.len(), 1, "of five at once");
    assert_eq!(table.feeds.newest(first.tenant, 1).await.expect("read"), [stands[0].clone()]);
}

pub async fn blocks_come_newest_first_or_from_a_number_on(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    assert_eq!(table.feeds.newest(tenant, 3).await.expect("read"), []);
    assert_eq!(table.feeds.from(tenant, 0, 3).await.expect("read"), []);
    let blocks = feed(table.feeds, &world, tenant, 11).await;
    feed(table.feeds, &world, world.tenant(), 2).await;
    let newest: Vec<FeedBlock> = blocks.iter().rev().take(3).cloned().collect();
    assert_eq!(table.feeds.newest(tenant, 3).await.expect("read"), newest);
    assert_eq!(table.feeds.newest(tenant, 50).await.expect("read").len(), 12);
    for (number, limit, expected) in [(0, 2, &blocks[..2]), (9, 2, &blocks[8..10]), (10, 9, &blocks[9..]), (13, 9, &[])]
    {
        assert_eq!(table.feeds.from(tenant, number, limit).await.expect("read"), expected, "{number}");
    }
}

pub async fn a_connection_that_is_no_more_is_told_of(pusher: &dyn Pusher, seed: u128) {
    let world = World::new(seed);
    let id = world.tenant().to_string().replace("ten_", "");
    let id = SocketId::parse(&id).expect("an id");
    assert_eq!(pusher.push(&id, "{}").await.expect("an answer"), Pushed::Gone);
    for _ in 0..2 {
        pusher.close(&id).await.expect("nothing to close");
    }
}
