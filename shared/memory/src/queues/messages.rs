//! The messages of all queues, found by what is asked for and not by looking at each: by name, by the moment from which they
//! can be seen, and of those that can be seen by their tenant, in the order they were sent.

use std::collections::{BTreeMap, BTreeSet, btree_set};
use std::ops::Bound;

use domain::event::{Notice, Queue};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::queues::Received;

use super::Delivery;

/// The place of a message in the order in which all were sent.
type Number = u64;

#[derive(Debug, Default)]
pub(super) struct Messages {
    all: BTreeMap<Number, Message>,
    lines: BTreeMap<Queue, Line>,
    sent: Number,
    receipts: u64,
}

#[derive(Debug)]
struct Message {
    id: String,
    queue: Queue,
    notice: Notice,
    receive_count: u32,
    visible_at: Timestamp,
    receipt: Option<String>,
}

/// One queue's. A message is either hidden or waits.
#[derive(Debug, Default)]
struct Line {
    /// With the moment until which nobody sees them; when that has passed, they wait from the next look on.
    hidden: BTreeSet<(Timestamp, Number)>,
    /// Of the hidden ones those that somebody works on.
    under_way: BTreeMap<TenantId, usize>,
    waiting: BTreeMap<TenantId, BTreeSet<Number>>,
}

impl Messages {
    pub(super) fn push(&mut self, queue: Queue, notice: Notice, visible_at: Timestamp) {
        self.sent += 1;
        let id = format!("message-{}", self.sent);
        let message = Message { id, queue, notice, receive_count: 0, visible_at, receipt: None };
        self.lines.entry(queue).or_default().hide(self.sent, &message);
        self.all.insert(self.sent, message);
    }

    /// Lets what is no longer hidden wait, and takes out of it, in the order they were sent, the notices that were received
    /// `receives_max` times in vain.
    pub(super) fn look(&mut self, queue: Queue, receives_max: u32, now: Timestamp) -> Vec<Notice> {
        let line = self.lines.entry(queue).or_default();
        let shown: Vec<Number> = line.hidden.range(..=(now, Number::MAX)).map(|(_, number)| *number).collect();
        let mut worn_out = BTreeSet::new();
        for (number, message) in shown.into_iter().filter_map(|number| Some((number, self.all.get(&number)?))) {
            line.take_out(number, message);
            if message.receive_count >= receives_max {
                worn_out.insert(number);
            } else {
                line.waiting.entry(message.notice.tenant).or_default().insert(number);
            }
        }
        worn_out.iter().filter_map(|number| self.all.remove(number)).map(|message| message.notice).collect()
    }

    /// One of those that wait, hidden until `until` from now on. It is of a tenant with the fewest under way; which one of
    /// these is `pick`'s, by how many there are.
    pub(super) fn receive(
        &mut self,
        queue: Queue,
        until: Timestamp,
        pick: impl FnOnce(usize) -> usize,
    ) -> Option<Delivery> {
        let line = self.lines.get_mut(&queue)?;
        let number = line.fair(pick)?;
        let message = self.all.get_mut(&number)?;
        line.take_out(number, message);
        self.receipts += 1;
        let delivery = message.deliver(format!("receipt-{}", self.receipts), until);
        line.hide(number, message);
        Some(delivery)
    }

    pub(super) fn delete(&mut self, received: &Received) {
        let Some((number, message)) = number_of(received).and_then(|number| self.all.remove_entry(&number)) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(&message.queue) {
            line.take_out(number, &message);
        }
    }

    /// Nothing, unless the receipt is the message's last.
    pub(super) fn change_visibility(&mut self, received: &Received, visible_at: Timestamp) {
        let held = number_of(received).and_then(|number| Some((number, self.all.get_mut(&number)?)));
        let Some((number, message)) = held.filter(|(_, it)| it.receipt.as_ref() == Some(&received.receipt)) else {
            return;
        };
        let line = self.lines.entry(message.queue).or_default();
        line.take_out(number, message);
        message.visible_at = visible_at;
        line.hide(number, message);
    }

    pub(super) fn of(&self, received: &Received) -> Option<(Queue, &Notice)> {
        let message = self.all.get(&number_of(received)?)?;
        Some((message.queue, &message.notice))
    }

    pub(super) fn count(&self, queue: Queue) -> usize {
        let Some(line) = self.lines.get(&queue) else { return 0 };
        line.hidden.len() + line.waiting.values().map(BTreeSet::len).sum::<usize>()
    }

    /// How many can be seen now, or have been given to somebody.
    pub(super) fn in_sight(&self, queue: Queue, now: Timestamp) -> usize {
        let Some(line) = self.lines.get(&queue) else { return 0 };
        let was_received = |number| self.all.get(&number).is_some_and(|message| message.receipt.is_some());
        let hidden = line.hidden.iter().filter(|(visible_at, number)| *visible_at <= now || was_received(*number));
        hidden.count() + line.waiting.values().map(BTreeSet::len).sum::<usize>()
    }

    pub(super) fn next_in_sight(&self, queue: Queue, now: Timestamp) -> Option<Timestamp> {
        let later = (Bound::Excluded((now, Number::MAX)), Bound::Unbounded);
        self.lines.get(&queue)?.hidden.range(later).next().map(|(visible_at, _)| *visible_at)
    }
}

/// Its name is its number.
fn number_of(received: &Received) -> Option<Number> {
    received.id.strip_prefix("message-")?.parse().ok()
}

impl Line {
    fn hide(&mut self, number: Number, message: &Message) {
        self.hidden.insert((message.visible_at, number));
        if message.receipt.is_some() {
            *self.under_way.entry(message.notice.tenant).or_default() += 1;
        }
    }

    /// From wherever it is.
    fn take_out(&mut self, number: Number, message: &Message) {
        let tenant = message.notice.tenant;
        if self.hidden.remove(&(message.visible_at, number)) {
            if message.receipt.is_some()
                && let Some(count) = self.under_way.get_mut(&tenant)
            {
                *count -= 1;
            }
        } else if let Some(waiting) = self.waiting.get_mut(&tenant) {
            waiting.remove(&number);
            if waiting.is_empty() {
                self.waiting.remove(&tenant);
            }
        }
    }

    fn fair(&self, pick: impl FnOnce(usize) -> usize) -> Option<Number> {
        let load = |tenant| self.under_way.get(tenant).copied().unwrap_or(0);
        let least = self.waiting.keys().map(load).min()?;
        let of_least = self.waiting.iter().filter(|(tenant, _)| load(tenant) == least);
        let mut fair: Vec<_> = of_least.map(|(_, numbers)| numbers.iter()).collect();
        let count = fair.iter().map(ExactSizeIterator::len).sum();
        let first = |numbers: &btree_set::Iter<'_, Number>| numbers.clone().next().copied().unwrap_or(Number::MAX);
        let next = || fair.iter_mut().min_by_key(|numbers| first(numbers))?.next();
        std::iter::from_fn(next).nth(pick(count)).copied()
    }
}

impl Message {
    fn deliver(&mut self, receipt: String, visible_at: Timestamp) -> Delivery {
        self.receive_count += 1;
        self.visible_at = visible_at;
        self.receipt = Some(receipt.clone());
        let message = Received {
            id: self.id.clone(),
            receipt,
            body: String::new(),
            receive_count: self.receive_count,
            trace: self.notice.trace.clone(),
        };
        Delivery { message, notice: self.notice.clone() }
    }
}
