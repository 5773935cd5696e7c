//! Queues with what a simulation needs of SQS: messages hide while they are worked on, come back when that takes too long,
//! and go to the dead letters after too many receives. Nothing is lost; order is the seed's, but for this: messages of the
//! tenants with the fewest under way come first, as SQS does with message groups in a standard queue.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::event::{Notice, Queue};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::clock::Clock as _;
use ports::queues::{Parcel, Received, Redelivery, Returns, WAIT_MAX};
use ports::{PortError, PortErrorKind};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::lock::Lock;

#[derive(Debug)]
pub struct Queues {
    clock: Clock,
    faults: Faults,
    receives_max: u32,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    dead: BTreeMap<Queue, Vec<DeadLetter>>,
    /// The notices of dead letters that were taken away to be kept elsewhere, by the body that stands for them.
    taken: BTreeMap<String, Notice>,
    sent: u64,
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

/// A message as a worker gets it, with the notice that its body stands for. The body itself is empty here: how a notice is
/// written is the queue adapter's own matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub message: Received,
    pub notice: Notice,
}

/// No reason: it was received in vain too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub notice: Notice,
    pub reason: Option<String>,
}

impl State {
    fn push(&mut self, queue: Queue, notice: Notice, visible_at: Timestamp) {
        self.sent += 1;
        let id = format!("message-{}", self.sent);
        self.messages.push(Message { id, queue, notice, receive_count: 0, visible_at, receipt: None });
    }
}

impl Queues {
    /// A message that was received `receives_max` times in vain is a dead letter.
    pub fn new(clock: Clock, faults: Faults, receives_max: u32) -> Self {
        Self { clock, faults, receives_max, state: Lock::default() }
    }

    /// Up to `count` of the messages that can be seen now; nobody else sees them for `hidden_for`.
    pub fn receive(&self, queue: Queue, count: usize, hidden_for: Duration) -> Vec<Delivery> {
        let now = self.clock.now();
        let mut state = self.state.get();
        state.bury_worn_out(queue, self.receives_max, now);
        let State { messages, receipts, .. } = &mut *state;
        let mut under_way: BTreeMap<TenantId, usize> = BTreeMap::new();
        let is_under_way =
            |message: &&Message| message.queue == queue && message.receipt.is_some() && message.visible_at > now;
        for message in messages.iter().filter(is_under_way) {
            *under_way.entry(message.notice.tenant).or_default() += 1;
        }
        let can_be_seen = |message: &&mut Message| message.queue == queue && message.visible_at <= now;
        let mut visible: Vec<&mut Message> = messages.iter_mut().filter(can_be_seen).collect();
        let mut deliveries = Vec::new();
        while deliveries.len() < count && !visible.is_empty() {
            let load = |message: &Message| under_way.get(&message.notice.tenant).copied().unwrap_or(0);
            let least = visible.iter().map(|message| load(message)).min();
            let fair = visible.iter().enumerate().filter(|(_, message)| Some(load(message)) == least);
            let fair: Vec<usize> = fair.map(|(index, _)| index).collect();
            let message = visible.remove(fair[self.faults.pick(fair.len())]);
            *receipts += 1;
            *under_way.entry(message.notice.tenant).or_default() += 1;
            deliveries.push(message.deliver(format!("receipt-{receipts}"), now.plus(hidden_for)));
        }
        deliveries
    }

    /// The message is done with. Deleting it twice does nothing; an older receipt is as good as the last.
    pub fn delete(&self, message: &Received) {
        self.state.get().messages.retain(|stored| stored.id != message.id);
    }

    /// The message can be seen again `hidden_for` from now.
    pub fn change_visibility(&self, message: &Received, hidden_for: Duration) {
        let visible_at = self.clock.now().plus(hidden_for);
        if let Some(stored) = self.state.get().held(message) {
            stored.visible_at = visible_at;
        }
    }

    /// How many messages wait or are worked on, dead letters aside.
    pub fn len(&self, queue: Queue) -> usize {
        self.state.get().messages.iter().filter(|message| message.queue == queue).count()
    }

    /// When the next message of those that wait can be seen.
    pub fn next_in_sight(&self, queue: Queue) -> Option<Timestamp> {
        let state = self.state.get();
        state.messages.iter().filter(|message| message.queue == queue).map(|message| message.visible_at).min()
    }

    /// Sends the dead letters back, as an operator does. How many there were.
    pub fn redrive(&self, queue: Queue) -> usize {
        let mut state = self.state.get();
        let letters = state.dead.remove(&queue).unwrap_or_default();
        let count = letters.len();
        for DeadLetter { notice, reason: _ } in letters {
            state.push(queue, notice, self.clock.now());
        }
        count
    }

    /// Takes the dead letters away, each with a body that stands for its notice, so that it can be sent back.
    pub fn take_dead_letters(&self, queue: Queue) -> Vec<(String, DeadLetter)> {
        let mut state = self.state.get();
        let letters = state.dead.remove(&queue).unwrap_or_default();
        let named = |letter: DeadLetter| (format!("{:?}", letter.notice), letter);
        let letters: Vec<(String, DeadLetter)> = letters.into_iter().map(named).collect();
        state.taken.extend(letters.iter().map(|(body, letter)| (body.clone(), letter.notice.clone())));
        letters
    }

    /// It could not be kept, and is among the dead letters again.
    pub fn put_back(&self, queue: Queue, letter: DeadLetter) {
        self.state.get().dead.entry(queue).or_default().push(letter);
    }

    /// How many messages a worker would be given now, or has been given.
    pub fn in_sight(&self, queue: Queue) -> usize {
        let now = self.clock.now();
        let is_in_sight =
            |message: &&Message| message.queue == queue && (message.visible_at <= now || message.receipt.is_some());
        self.state.get().messages.iter().filter(is_in_sight).count()
    }

    pub fn is_empty(&self, queue: Queue) -> bool {
        self.len(queue) == 0
    }

    /// Those that were buried, or received in vain too often as of the last `receive`.
    pub fn dead_letters(&self, queue: Queue) -> Vec<DeadLetter> {
        self.state.get().dead.get(&queue).cloned().unwrap_or_default()
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

impl State {
    /// The message, if this receipt of it is the last.
    fn held(&mut self, message: &Received) -> Option<&mut Message> {
        self.messages.iter_mut().find(|stored| stored.receipt.as_ref() == Some(&message.receipt))
    }

    fn bury_worn_out(&mut self, queue: Queue, receives_max: u32, now: Timestamp) {
        let is_worn_out = |message: &mut Message| {
            message.queue == queue && message.visible_at <= now && message.receive_count >= receives_max
        };
        let buried = self.messages.extract_if(.., is_worn_out);
        let letters = buried.map(|message| DeadLetter { notice: message.notice, reason: None });
        self.dead.entry(queue).or_default().extend(letters);
    }
}

#[async_trait]
impl ports::queues::Queues for Queues {
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError> {
        let effect = || {
            if wait > WAIT_MAX {
                return Err(PortError::new(PortErrorKind::Rejected, "queues.send"));
            }
            let mut state = self.state.get();
            for notice in notices {
                state.push(queue, notice.clone(), self.clock.now().plus(wait));
            }
            Ok(())
        };
        self.faults.call("queues.send", effect).await
    }
}

#[async_trait]
impl Returns for Queues {
    /// A body that never was a dead letter's is `Rejected`: there are no other bodies here.
    async fn send_back(&self, queue: Queue, parcels: &[Parcel]) -> Result<(), PortError> {
        let effect = || {
            let mut state = self.state.get();
            let notices = parcels.iter().map(|parcel| state.taken.get(&parcel.body).cloned());
            let unknown = || PortError::new(PortErrorKind::Rejected, "queues.send_back");
            let notices = notices.collect::<Option<Vec<Notice>>>().ok_or_else(unknown)?;
            notices.into_iter().for_each(|notice| state.push(queue, notice, self.clock.now()));
            Ok(())
        };
        self.faults.call("queues.send_back", effect).await
    }
}

#[async_trait]
impl Redelivery for Queues {
    async fn delay(&self, message: &Received, wait: Duration) -> Result<(), PortError> {
        let effect = || {
            self.change_visibility(message, wait);
            Ok(())
        };
        self.faults.call("redelivery.delay", effect).await
    }

    async fn bury(&self, message: &Received, reason: &str) -> Result<(), PortError> {
        let effect = || {
            let mut state = self.state.get();
            let known = state.messages.iter().find(|stored| stored.id == message.id);
            let unknown = || PortError::new(PortErrorKind::Rejected, "redelivery.bury");
            let (queue, notice) = known.map(|stored| (stored.queue, stored.notice.clone())).ok_or_else(unknown)?;
            state.dead.entry(queue).or_default().push(DeadLetter { notice, reason: Some(reason.to_owned()) });
            Ok(())
        };
        self.faults.call("redelivery.bury", effect).await
    }
}
