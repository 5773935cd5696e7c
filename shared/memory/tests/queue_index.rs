//! Whatever happens to a queue, it gives what a list of all messages that is looked through each time would give.

use std::time::Duration;

use coffer_memory::{Clock, Delivery, Faults, Queues};
use domain::event::{EventType, Notice, Queue};
use domain::ids::{EventId, TenantId};
use domain::time::Timestamp;
use futures_util::FutureExt as _;
use ports::clock::Clock as _;
use ports::queues::Queues as _;
use proptest::prelude::*;

const RECEIVES_MAX: u32 = 3;
const QUEUES: [Queue; 2] = [Queue::Webhooks, Queue::Payments];

#[derive(Debug, Clone)]
enum Happens {
    Send {
        queue: usize,
        tenant: u128,
        wait: u64,
    },
    Receive {
        queue: usize,
        count: usize,
        hidden: u64,
    },
    /// Of all deliveries there were, one.
    Delete(prop::sample::Index),
    Delay(prop::sample::Index, u64),
    Pass(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0..2_usize, 0..3_u128, 0..4_u64).prop_map(|(queue, tenant, wait)| Happens::Send { queue, tenant, wait }),
        4 => (0..2_usize, 1..4_usize, 0..6_u64)
            .prop_map(|(queue, count, hidden)| Happens::Receive { queue, count, hidden }),
        2 => any::<prop::sample::Index>().prop_map(Happens::Delete),
        2 => (any::<prop::sample::Index>(), 0..5_u64).prop_map(|(which, wait)| Happens::Delay(which, wait)),
        2 => (0..4_u64).prop_map(Happens::Pass),
    ]
}

struct Listed {
    queue: Queue,
    notice: Notice,
    visible_at: Timestamp,
    receives: u32,
    /// Which of the deliveries was its last.
    last: Option<usize>,
}

/// The list, with what of it each delivery was of.
#[derive(Default)]
struct List {
    messages: Vec<Listed>,
    delivered: Vec<EventId>,
    dead: Vec<(Queue, EventId)>,
}

impl List {
    fn receive(&mut self, queue: Queue, count: usize, now: Timestamp, until: Timestamp) -> Vec<EventId> {
        let is_worn_out = |it: &mut Listed| it.queue == queue && it.visible_at <= now && it.receives >= RECEIVES_MAX;
        self.dead.extend(self.messages.extract_if(.., is_worn_out).map(|it| (it.queue, it.notice.event)));
        let is_visible: Vec<bool> = self.messages.iter().map(|it| it.queue == queue && it.visible_at <= now).collect();
        let mut given: Vec<usize> = Vec::new();
        while given.len() < count {
            let load = |tenant| {
                let is_worked_on = |(index, it): &(usize, &Listed)| {
                    let is_hidden = it.last.is_some() && it.visible_at > now && it.queue == queue;
                    it.notice.tenant == tenant && (is_hidden || given.contains(index))
                };
                self.messages.iter().enumerate().filter(is_worked_on).count()
            };
            let waiting = (0..self.messages.len()).filter(|index| is_visible[*index] && !given.contains(index));
            let Some(next) = waiting.min_by_key(|index| (load(self.messages[*index].notice.tenant), *index)) else {
                break;
            };
            given.push(next);
        }
        for index in &given {
            let message = &mut self.messages[*index];
            message.last = Some(self.delivered.len());
            (message.receives, message.visible_at) = (message.receives + 1, until);
            self.delivered.push(message.notice.event);
        }
        given.iter().map(|index| self.messages[*index].notice.event).collect()
    }
}

proptest! {
    #[test]
    fn a_queue_gives_what_a_list_would(all in prop::collection::vec(happens(), 1..120)) {
        let clock = Clock::default();
        let queues = Queues::new(clock.clone(), Faults::none(), RECEIVES_MAX);
        let (mut list, mut deliveries) = (List::default(), Vec::<Delivery>::new());
        for (number, what) in all.into_iter().enumerate() {
            let now = clock.now();
            let later = |seconds| now.plus(Duration::from_secs(seconds));
            match what {
                Happens::Send { queue, tenant, wait } => {
                    let event = EventId::from_u128(number as u128);
                    let tenant = TenantId::from_u128(tenant);
                    let (kind, subject) = (EventType::OrderCreated, String::new());
                    let notice = Notice { event, tenant, kind, subject, trace: None };
                    let sent = [notice.clone()];
                    let sent = queues.send_after(QUEUES[queue], Duration::from_secs(wait), &sent).now_or_never();
                    prop_assert!(sent.is_some_and(|sent| sent.is_ok()));
                    let (queue, visible_at) = (QUEUES[queue], later(wait));
                    list.messages.push(Listed { queue, notice, visible_at, receives: 0, last: None });
                }
                Happens::Receive { queue, count, hidden } => {
                    let given = queues.receive(QUEUES[queue], count, Duration::from_secs(hidden));
                    let events: Vec<EventId> = given.iter().map(|delivery| delivery.notice.event).collect();
                    prop_assert_eq!(events, list.receive(QUEUES[queue], count, now, later(hidden)));
                    deliveries.extend(given);
                }
                Happens::Delete(which) if !deliveries.is_empty() => {
                    let which = which.index(deliveries.len());
                    queues.delete(&deliveries[which].message);
                    list.messages.retain(|it| it.notice.event != list.delivered[which]);
                }
                Happens::Delay(which, wait) if !deliveries.is_empty() => {
                    let which = which.index(deliveries.len());
                    queues.change_visibility(&deliveries[which].message, Duration::from_secs(wait));
                    let held = list.messages.iter_mut().find(|it| it.last == Some(which));
                    held.into_iter().for_each(|it| it.visible_at = later(wait));
                }
                Happens::Delete(_) | Happens::Delay(..) => {}
                Happens::Pass(seconds) => {
                    clock.advance(Duration::from_secs(seconds));
                }
            }
            let now = clock.now();
            for queue in QUEUES {
                let of = || list.messages.iter().filter(|it| it.queue == queue);
                let in_sight = of().filter(|it| it.visible_at <= now || it.last.is_some()).count();
                let next = of().map(|it| it.visible_at).filter(|at| *at > now).min();
                prop_assert_eq!(queues.len(queue), of().count());
                prop_assert_eq!((queues.in_sight(queue), queues.next_in_sight(queue)), (in_sight, next));
                let dead: Vec<EventId> = queues.dead_letters(queue).iter().map(|letter| letter.notice.event).collect();
                let expected = list.dead.iter().filter(|(of, _)| *of == queue).map(|(_, event)| *event);
                prop_assert_eq!(dead, expected.collect::<Vec<_>>());
            }
        }
    }
}
