//! Who listens on sockets in a seeded run. A listener connects, says what it wants to hear and from behind which event, is cut
//! off, and comes back. Nobody hears of another shop's events; in the end each has heard of all that it wants, in the one
//! order of its shop's feed.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::{Caller, Grant};
use domain::event::{KEPT_FOR, Queue};
use domain::ids::{ClientId, EventId, TenantId};
use domain::socket::{SocketId, Topic};
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::run::{Doing, Ended, Run};
use crate::invariants::{Holds, ensure};
use crate::tasks::run;
use crate::world::World;

/// Beyond all that messages wait for.
const LOOKS_MAX: usize = 200;
const EACH: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Listener {
    tenant: TenantId,
    topics: BTreeSet<Topic>,
    /// How often it has connected.
    connections: usize,
    /// Of what came over the present connection, how much it has read.
    read: usize,
    is_subscribed: bool,
    /// Where it began, as the answer to its subscription says.
    began_behind: Option<EventId>,
    /// What had happened when it was first told that it is heard of.
    before: Option<BTreeSet<EventId>>,
    /// The events it has heard of, each when it came first.
    heard: Vec<EventId>,
    seen: BTreeSet<EventId>,
}

/// One of each shop hears of everything, one of some.
pub(super) fn of(tenants: &BTreeSet<TenantId>) -> Vec<Listener> {
    let some = || ["payments", "jobs"].iter().filter_map(|name| Topic::parse(name).ok()).collect();
    let of_tenant = |tenant: &TenantId| [(*tenant, Topic::all()), (*tenant, some())];
    let listener = |(tenant, topics)| Listener {
        tenant,
        topics,
        connections: 0,
        read: 0,
        is_subscribed: false,
        began_behind: None,
        before: None,
        heard: Vec::new(),
        seen: BTreeSet::new(),
    };
    tenants.iter().flat_map(of_tenant).map(listener).collect()
}

impl Run {
    /// Connects one that is cut off, or has it say again what it has not been answered.
    pub(super) fn listen(&mut self) {
        let who = self.random.usize(..self.listeners.len());
        if let Some((socket, caller, text)) = self.next_message(who) {
            let world = self.world.clone();
            self.start(Doing::Listen(socket.clone()), async move {
                if caller.opened(&world, &socket).await {
                    drop(world.say_step(&socket, &text).await);
                }
                Ended::Quietly
            });
        }
    }

    /// Somebody is cut off. Mostly the gateway tells.
    pub(super) fn hang_up(&mut self) {
        let who = self.random.usize(..self.listeners.len());
        let socket = self.socket_of(who);
        if !self.is_open(who) {
            return;
        }
        self.world.lose(&socket);
        self.tell(|| format!("{socket} is cut off"));
        if self.random.u8(..4) > 0 {
            let world = self.world.clone();
            self.start(Doing::Listen(socket.clone()), async move {
                drop(world.disconnect_step(&socket).await);
                Ended::Quietly
            });
        }
    }

    fn socket_of(&self, who: usize) -> String {
        format!("socket-{who}-{}", self.listeners[who].connections)
    }

    fn is_open(&self, who: usize) -> bool {
        SocketId::parse(&self.socket_of(who)).is_some_and(|id| self.world.sockets.is_open(&id))
    }

    /// `None` when the listener has nothing to say.
    fn next_message(&mut self, who: usize) -> Option<(String, Opens, String)> {
        let is_open = self.is_open(who);
        let now = self.world.clock.now();
        let client = self.world.id::<ClientId>();
        let listener = &mut self.listeners[who];
        if is_open && listener.is_subscribed {
            return None;
        }
        let opens = (!is_open).then(|| {
            listener.connections += 1;
            (listener.read, listener.is_subscribed) = (0, false);
            Caller {
                tenant: listener.tenant,
                subject: client.to_string(),
                session: None,
                grant: Grant::Scopes(vec!["events:read".to_owned(), "providers:read".to_owned()]),
                issued_at_seconds: now.as_seconds(),
            }
        });
        let topics: Vec<String> = listener.topics.iter().map(Topic::to_string).collect();
        let after = listener.heard.last().or(listener.began_behind.as_ref()).map(EventId::to_string);
        let text = json!({ "action": "subscribe", "topics": topics, "after": after }).to_string();
        Some((self.socket_of(who), Opens(opens), text))
    }

    /// Each reads what has come.
    pub(super) fn read_sockets(&mut self) -> Holds {
        for who in 0..self.listeners.len() {
            let Some(id) = SocketId::parse(&self.socket_of(who)) else { continue };
            for text in self.world.sockets.got_since(&id, self.listeners[who].read) {
                self.listeners[who].read += 1;
                let said: Value = serde_json::from_str(&text).map_err(|_| format!("no JSON: {text}"))?;
                self.hear(who, &said)?;
            }
        }
        Ok(())
    }

    fn hear(&mut self, who: usize, said: &Value) -> Holds {
        let tenant = self.listeners[who].tenant;
        self.tell(|| format!("listener {who} hears {} {} {}", said["type"], said["id"], said["code"]));
        match said["type"].as_str().unwrap_or_default() {
            "subscribed" => {
                let known = self.books.events.values().filter(|event| event.tenant == tenant);
                let known = known.map(|event| event.id).collect();
                let listener = &mut self.listeners[who];
                listener.is_subscribed = true;
                listener.before.get_or_insert(known);
                if listener.began_behind.is_none() {
                    listener.began_behind = said["after"].as_str().and_then(|id| id.parse().ok());
                }
            }
            "error" if said["code"] == "after_too_old" => {
                let listener = &mut self.listeners[who];
                (listener.heard, listener.seen) = (Vec::new(), BTreeSet::new());
                (listener.before, listener.began_behind) = (None, None);
            }
            "error" => {
                return ensure(said["code"] == "unavailable" || said["code"] == "closed", || {
                    format!("refused: {said}")
                });
            }
            "closing" => {}
            kind => {
                let event = said["id"].as_str().and_then(|id| id.parse::<EventId>().ok());
                let event = event.and_then(|id| self.books.events.get(&id));
                let event = event.ok_or_else(|| format!("a socket is told of {said}, which never happened"))?;
                let listener = &mut self.listeners[who];
                let is_theirs = event.tenant == tenant && event.kind.as_str() == kind;
                let is_wanted = Topic::of(event.kind).is_some_and(|topic| listener.topics.contains(&topic));
                ensure(is_theirs && is_wanted, || format!("{listener:?} is told of {}", event.id))?;
                if listener.seen.insert(event.id) {
                    listener.heard.push(event.id);
                }
            }
        }
        Ok(())
    }

    /// What was buried is put back, who is cut off comes back, and time passes until nobody hears of anything new.
    pub(super) fn everybody_has_heard(&mut self) -> Holds {
        for _ in 0..LOOKS_MAX {
            self.world.queues.redrive(Queue::Realtime);
            self.world.settle();
            self.look()?;
            self.read_sockets()?;
            let mut is_quiet = self.world.queues.in_sight(Queue::Realtime) == 0;
            for who in 0..self.listeners.len() {
                if let Some((socket, opens, text)) = self.next_message(who) {
                    is_quiet = false;
                    if run(opens.opened(&self.world, &socket)) {
                        drop(run(self.world.say_step(&socket, &text)));
                    }
                }
            }
            let is_missing = (0..self.listeners.len()).any(|who| self.has_heard_all(who).is_err());
            if is_quiet && !is_missing {
                return Ok(());
            }
            self.world.clock.advance(EACH);
        }
        (0..self.listeners.len()).try_for_each(|who| self.has_heard_all(who))
    }

    fn has_heard_all(&self, who: usize) -> Holds {
        let Listener { tenant, topics, before, heard, seen, .. } = &self.listeners[who];
        let blocks = self.world.store.feeds();
        let is_wanted = |kind| Topic::of(kind).is_some_and(|topic| topics.contains(&topic));
        let of_tenant = blocks.iter().filter(|block| block.tenant == *tenant);
        let told: Vec<EventId> = of_tenant
            .flat_map(|block| &block.events)
            .filter(|told| is_wanted(told.kind))
            .map(|told| told.event)
            .collect();
        let each: BTreeSet<EventId> = told.iter().copied().collect();
        ensure(each.len() == told.len(), || format!("the feed of {tenant} has an event twice: {told:?}"))?;
        // What the feed is told of when the log has it no longer, nobody can be told.
        let kept = EventId::floor_at(self.world.clock.now().minus(KEPT_FOR));
        let feed: Vec<EventId> = told.into_iter().filter(|event| *event >= kept || seen.contains(event)).collect();
        // Old blocks are dropped some day.
        let of_feed: Vec<EventId> = heard.iter().copied().filter(|event| each.contains(event)).collect();
        let first = of_feed.first().and_then(|first| feed.iter().position(|event| event == first));
        if let Some(first) = first {
            ensure(of_feed == feed[first..], || {
                format!("listener {who} has heard\n{of_feed:?}\nof\n{:?}", &feed[first..])
            })?;
        }
        let Some(before) = before else { return Err(format!("listener {who} was never heard")) };
        let missed = self.books.events.values().find(|event| {
            let is_theirs = event.tenant == *tenant && is_wanted(event.kind) && event.id >= kept;
            is_theirs && !before.contains(&event.id) && !seen.contains(&event.id)
        });
        ensure(missed.is_none(), || {
            let place = missed.and_then(|missed| feed.iter().position(|event| *event == missed.id));
            format!("listener {who} never heard of {missed:?}, which is at {place:?} of its feed")
        })
    }
}

/// Who opens the socket first, where it is not open.
pub(super) struct Opens(Option<Caller>);

impl Opens {
    async fn opened(self, world: &World, socket: &str) -> bool {
        match self.0 {
            Some(caller) => world.open_socket(socket, caller).await.status == 200,
            None => true,
        }
    }
}
