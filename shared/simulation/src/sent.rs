//! Stands before the queues and keeps what they said they have: every job that was committed has to be among it some day.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::event::{Notice, Queue};
use domain::ids::EventId;
use ports::PortError;
use ports::queues::Queues;

pub struct Sent {
    queues: Arc<memory::Queues>,
    taken: Mutex<BTreeSet<(Queue, EventId)>>,
}

impl Sent {
    pub(crate) fn before(queues: Arc<memory::Queues>) -> Self {
        Self { queues, taken: Mutex::default() }
    }

    pub fn holds(&self, queue: Queue, event: EventId) -> bool {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).contains(&(queue, event))
    }
}

#[async_trait]
impl Queues for Sent {
    async fn send_after(&self, queue: Queue, wait: Duration, notices: &[Notice]) -> Result<(), PortError> {
        self.queues.send_after(queue, wait, notices).await?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.extend(notices.iter().map(|notice| (queue, notice.event)));
        Ok(())
    }
}
