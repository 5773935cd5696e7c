//! Queues with what a simulation needs of SQS: messages hide while they are worked on, come back when that takes too long,
//! and go to the dead letters after too many receives. Nothing is lost; order is the seed's.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::event::{Notice, Queue};
use domain::time::Timestamp;
use ports::PortError;
use ports::clock::Clock as _;

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
    messages: BTreeMap<Queue, Vec<Message>>,
    dead: BTreeMap<Queue, Vec<Notice>>,
    sent: u64,
}

#[derive(Debug)]
struct Message {
    receipt: u64,
    notice: Notice,
    receives: u32,
    visible_at: Timestamp,
}

/// A message as a worker gets it. The receipt deletes it or changes when it is seen again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub receipt: u64,
    pub notice: Notice,
    /// This one included.
    pub receives: u32,
}

impl Queues {
    /// A message that was received `receives_max` times in vain is a dead letter.
    pub fn new(clock: Clock, faults: Faults, receives_max: u32) -> Self {
        Self { clock, faults, receives_max, state: Lock::default() }
    }

    /// Up to `count` of the messages that can be seen now; nobody else sees them for `hidden_for`.
    pub fn receive(&self, queue: Queue, count: usize, hidden_for: Duration) -> Vec<Received> {
        let now = self.clock.now();
        let mut state = self.state.get();
        state.bury(queue, self.receives_max, now);
        let messages = state.messages.entry(queue).or_default();
        let mut received = Vec::new();
        while received.len() < count {
            let visible: Vec<usize> = (0..messages.len()).filter(|index| messages[*index].visible_at <= now).collect();
            let Some(index) = visible.get(self.faults.pick(visible.len())) else { break };
            let message = &mut messages[*index];
            message.receives += 1;
            message.visible_at = now.plus(hidden_for);
            let Message { receipt, notice, receives, visible_at: _ } = message;
            received.push(Received { receipt: *receipt, notice: notice.clone(), receives: *receives });
            if hidden_for.is_zero() {
                // It can be seen at once: one round shows each message once at most.
                message.visible_at = now.plus(Duration::from_millis(1));
            }
        }
        received
    }

    /// The message is done with. Deleting it twice does nothing.
    pub fn delete(&self, queue: Queue, receipt: u64) {
        self.state.get().messages.entry(queue).or_default().retain(|message| message.receipt != receipt);
    }

    /// The message can be seen again after `hidden_for` from now.
    pub fn change_visibility(&self, queue: Queue, receipt: u64, hidden_for: Duration) {
        let visible_at = self.clock.now().plus(hidden_for);
        let mut state = self.state.get();
        for message in state.messages.entry(queue).or_default() {
            if message.receipt == receipt {
                message.visible_at = visible_at;
            }
        }
    }

    /// How many messages wait or are worked on, dead letters aside.
    pub fn len(&self, queue: Queue) -> usize {
        self.state.get().messages.get(&queue).map_or(0, Vec::len)
    }

    pub fn is_empty(&self, queue: Queue) -> bool {
        self.len(queue) == 0
    }

    /// Those that were received in vain too often, as of the last `receive`.
    pub fn dead_letters(&self, queue: Queue) -> Vec<Notice> {
        self.state.get().dead.get(&queue).cloned().unwrap_or_default()
    }
}

impl State {
    fn bury(&mut self, queue: Queue, receives_max: u32, now: Timestamp) {
        let messages = self.messages.entry(queue).or_default();
        let worked_out = |message: &mut Message| message.receives >= receives_max && message.visible_at <= now;
        let buried = messages.extract_if(.., worked_out).map(|message| message.notice);
        self.dead.entry(queue).or_default().extend(buried);
    }
}

#[async_trait]
impl ports::queues::Queues for Queues {
    async fn send(&self, queue: Queue, notices: &[Notice]) -> Result<(), PortError> {
        let effect = || {
            let mut state = self.state.get();
            for notice in notices {
                state.sent += 1;
                let (receipt, visible_at) = (state.sent, self.clock.now());
                let message = Message { receipt, notice: notice.clone(), receives: 0, visible_at };
                state.messages.entry(queue).or_default().push(message);
            }
            Ok(())
        };
        self.faults.call("queues.send", effect).await
    }
}
