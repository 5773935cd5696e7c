//! Queues with what a simulation needs of SQS: messages hide while they are worked on, come back when that takes too long,
//! and go to the dead letters after too many receives. Nothing is lost; order is the seed's, but for this: messages of the
//! tenants with the fewest under way come first, as SQS does with message groups in a standard queue.

mod messages;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::event::{Notice, Queue};
use domain::time::Timestamp;
use ports::clock::Clock as _;
use ports::queues::{Parcel, Received, Redelivery, Returns, WAIT_MAX};
use ports::{PortError, PortErrorKind};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::lock::Lock;
use messages::Messages;

#[derive(Debug)]
pub struct Queues {
    clock: Clock,
    faults: Faults,
    receives_max: u32,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    messages: Messages,
    dead: BTreeMap<Queue, Vec<DeadLetter>>,
    /// The notices of dead letters that were taken away to be kept elsewhere, by the body that stands for them.
    taken: BTreeMap<String, Notice>,
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

impl Queues {
    /// A message that was received `receives_max` times in vain is a dead letter.
    pub fn new(clock: Clock, faults: Faults, receives_max: u32) -> Self {
        Self { clock, faults, receives_max, state: Lock::default() }
    }

    /// Up to `count` of the messages that can be seen now; nobody else sees them for `hidden_for`.
    pub fn receive(&self, queue: Queue, count: usize, hidden_for: Duration) -> Vec<Delivery> {
        let now = self.clock.now();
        let mut state = self.state.get();
        let State { messages, dead, .. } = &mut *state;
        let worn_out = messages.look(queue, self.receives_max, now);
        let letters = worn_out.into_iter().map(|notice| DeadLetter { notice, reason: None });
        dead.entry(queue).or_default().extend(letters);
        let next = || messages.receive(queue, now.plus(hidden_for), |among| self.faults.pick(among));
        std::iter::from_fn(next).take(count).collect()
    }

    /// The message is done with. Deleting it twice does nothing; an older receipt is as good as the last.
    pub fn delete(&self, message: &Received) {
        self.state.get().messages.delete(message);
    }

    /// The message can be seen again `hidden_for` from now.
    pub fn change_visibility(&self, message: &Received, hidden_for: Duration) {
        let visible_at = self.clock.now().plus(hidden_for);
        self.state.get().messages.change_visibility(message, visible_at);
    }

    /// How many messages wait or are worked on, dead letters aside.
    pub fn len(&self, queue: Queue) -> usize {
        self.state.get().messages.count(queue)
    }

    /// When the next message of those that nobody sees now can be seen.
    pub fn next_in_sight(&self, queue: Queue) -> Option<Timestamp> {
        self.state.get().messages.next_in_sight(queue, self.clock.now())
    }

    /// Sends the dead letters back, as an operator does. How many there were.
    pub fn redrive(&self, queue: Queue) -> usize {
        let mut state = self.state.get();
        let letters = state.dead.remove(&queue).unwrap_or_default();
        let count = letters.len();
        for DeadLetter { notice, reason: _ } in letters {
            state.messages.push(queue, notice, self.clock.now());
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
        self.state.get().messages.in_sight(queue, self.clock.now())
    }

    pub fn is_empty(&self, queue: Queue) -> bool {
        self.len(queue) == 0
    }

    /// Those that were buried, or received in vain too often as of the last `receive`.
    pub fn dead_letters(&self, queue: Queue) -> Vec<DeadLetter> {
        self.state.get().dead.get(&queue).cloned().unwrap_or_default()
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
                state.messages.push(queue, notice.clone(), self.clock.now().plus(wait));
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
            notices.into_iter().for_each(|notice| state.messages.push(queue, notice, self.clock.now()));
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
            let known = state.messages.of(message).map(|(queue, notice)| (queue, notice.clone()));
            let unknown = || PortError::new(PortErrorKind::Rejected, "redelivery.bury");
            let (queue, notice) = known.ok_or_else(unknown)?;
            state.dead.entry(queue).or_default().push(DeadLetter { notice, reason: Some(reason.to_owned()) });
            Ok(())
        };
        self.faults.call("redelivery.bury", effect).await
    }
}
