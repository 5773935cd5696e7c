//! The tables' streams and their two consumers. Each consumer has its own place in the stream: a batch that fails is given
//! again. Who disturbs the order, gives a batch twice or kills a consumer is the test.

use domain::event::Event;
use ports::PortError;
use ports::stream::{Image, StreamChange};

use crate::tasks::run;
use crate::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consumer {
    OutboxPublish,
    CacheRefresh,
}

impl Consumer {
    pub const ALL: [Self; 2] = [Self::OutboxPublish, Self::CacheRefresh];

    /// The consumer's filter, as the template has it.
    fn wants(self, change: &StreamChange) -> bool {
        match self {
            Self::OutboxPublish => matches!(change, StreamChange { old: None, new: Some(Image::Event(_)) }),
            Self::CacheRefresh => {
                let image = change.new.as_ref().or(change.old.as_ref());
                !matches!(image, Some(Image::Event(_) | Image::Refund(_) | Image::Other) | None)
            }
        }
    }
}

/// What each consumer has still to be given, oldest first.
#[derive(Debug, Default)]
pub struct Stream {
    outbox: Vec<StreamChange>,
    cache: Vec<StreamChange>,
}

impl Stream {
    pub fn of(&mut self, consumer: Consumer) -> &mut Vec<StreamChange> {
        match consumer {
            Consumer::OutboxPublish => &mut self.outbox,
            Consumer::CacheRefresh => &mut self.cache,
        }
    }
}

impl World {
    /// What has changed since the last call, in order of commit; the consumers' parts are put into their streams.
    pub fn observe(&self) -> Vec<StreamChange> {
        let changes = self.store.take_stream();
        let mut stream = self.stream.borrow_mut();
        for consumer in Consumer::ALL {
            stream.of(consumer).extend(changes.iter().filter(|change| consumer.wants(change)).cloned());
        }
        changes
    }

    /// What a consumer has still to be given.
    pub fn waiting(&self, consumer: Consumer) -> usize {
        self.observe();
        self.stream.borrow_mut().of(consumer).len()
    }

    /// Takes all that a consumer has still to be given, to deliver it by hand.
    pub fn take(&self, consumer: Consumer) -> Vec<StreamChange> {
        self.observe();
        std::mem::take(self.stream.borrow_mut().of(consumer))
    }

    /// The consumer's real step.
    pub async fn consume(&self, consumer: Consumer, batch: &[StreamChange]) -> Result<(), PortError> {
        match consumer {
            Consumer::OutboxPublish => {
                let deps =
                    outbox_publish::Deps { queues: self.wiring.queues.as_ref(), events: self.store.as_ref() };
                outbox_publish::step(deps, batch.to_vec()).await
            }
            Consumer::CacheRefresh => {
                cache_refresh::step(cache_refresh::Deps { cache: self.wiring.cache.as_ref() }, batch).await
            }
        }
    }

    /// Gives a consumer all that waits for it. Says whether it took it; else it all waits again.
    pub fn deliver(&self, consumer: Consumer) -> bool {
        let batch = self.take(consumer);
        let taken = run(self.consume(consumer, &batch)).is_ok();
        if !taken {
            self.stream.borrow_mut().of(consumer).splice(0..0, batch);
        }
        taken
    }
}

/// The events among changes.
pub fn new_events(changes: &[StreamChange]) -> impl Iterator<Item = &Event> {
    changes.iter().filter_map(|change| match change {
        StreamChange { old: None, new: Some(Image::Event(event)) } => Some(event),
        _ => None,
    })
}
