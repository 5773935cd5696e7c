//! The tables' streams and their consumers. Each consumer has its own place in the stream: a batch that fails is given
//! again, until it is too old. Who disturbs the order, gives a batch twice or kills a consumer is the test.

use std::time::Duration;

use domain::time::Timestamp;
use ports::PortError;
use ports::clock::Clock as _;
use ports::stream::{Image, StreamChange};

use crate::tasks::run;
use crate::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consumer {
    OutboxPublish,
    CacheRefresh,
    LedgerJournal,
}

impl Consumer {
    pub const ALL: [Self; 3] = [Self::OutboxPublish, Self::CacheRefresh, Self::LedgerJournal];

    /// The consumer's filter, as the template has it.
    fn wants(self, change: &StreamChange) -> bool {
        match self {
            Self::OutboxPublish => matches!(change, StreamChange { old: None, new: Some(Image::Event(_)) }),
            Self::CacheRefresh => {
                let image = change.new.as_ref().or(change.old.as_ref());
                !matches!(
                    image,
                    Some(Image::Event(_) | Image::Refund(_) | Image::Dispute(_) | Image::Transaction(_) | Image::Other)
                        | None
                )
            }
            Self::LedgerJournal => {
                matches!(change, StreamChange { old: None, new: Some(Image::Transaction(_)) })
            }
        }
    }

    /// The template's `MaximumRecordAgeInSeconds`.
    fn gives_up_after(self, change: &StreamChange) -> Duration {
        let is_of_commerce = matches!(change.new, Some(Image::Order(_) | Image::Payment(_)));
        match self {
            Self::OutboxPublish | Self::LedgerJournal => Duration::from_secs(86_400),
            Self::CacheRefresh if is_of_commerce => Duration::from_secs(300),
            Self::CacheRefresh => Duration::from_secs(3_600),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Record {
    pub change: StreamChange,
    pub at: Timestamp,
}

/// What each consumer has still to be given, oldest first, and what the test itself has not looked at.
#[derive(Debug, Default)]
pub struct Stream {
    outbox: Vec<Record>,
    cache: Vec<Record>,
    journal: Vec<Record>,
    unseen: Vec<StreamChange>,
    /// When cache-refresh last gave up a record that was too old.
    pub cache_gave_up_at: Option<Timestamp>,
}

impl Stream {
    pub fn of(&mut self, consumer: Consumer) -> &mut Vec<Record> {
        match consumer {
            Consumer::OutboxPublish => &mut self.outbox,
            Consumer::CacheRefresh => &mut self.cache,
            Consumer::LedgerJournal => &mut self.journal,
        }
    }

    fn give_up_old(&mut self, now: Timestamp) {
        for consumer in Consumer::ALL {
            let records = self.of(consumer);
            let count = records.len();
            records.retain(|record| now.since(record.at) <= consumer.gives_up_after(&record.change));
            let gave_up = records.len() < count;
            if gave_up && consumer == Consumer::CacheRefresh {
                self.cache_gave_up_at = Some(now);
            }
        }
    }
}

impl World {
    /// What has changed since the last call, in order of commit.
    pub fn changes(&self) -> Vec<StreamChange> {
        self.pull();
        std::mem::take(&mut self.stream.borrow_mut().unseen)
    }

    fn pull(&self) {
        let changes = self.store.take_stream();
        let at = self.clock.now();
        let mut stream = self.stream.borrow_mut();
        for consumer in Consumer::ALL {
            let wanted = changes.iter().filter(|change| consumer.wants(change)).cloned();
            stream.of(consumer).extend(wanted.map(|change| Record { change, at }));
        }
        stream.unseen.extend(changes);
        stream.give_up_old(at);
    }

    /// What a consumer has still to be given.
    pub fn waiting(&self, consumer: Consumer) -> usize {
        self.pull();
        self.stream.borrow_mut().of(consumer).len()
    }

    /// Takes all that a consumer has still to be given, to deliver it by hand.
    pub fn take(&self, consumer: Consumer) -> Vec<Record> {
        self.pull();
        std::mem::take(self.stream.borrow_mut().of(consumer))
    }

    /// The consumer's real step.
    pub async fn consume(&self, consumer: Consumer, batch: &[Record]) -> Result<(), PortError> {
        let changes: Vec<StreamChange> = batch.iter().map(|record| record.change.clone()).collect();
        match consumer {
            Consumer::OutboxPublish => {
                let deps = outbox_publish::Deps { queues: self.wiring.queues.as_ref(), events: self.store.as_ref() };
                outbox_publish::step(deps, changes).await
            }
            Consumer::CacheRefresh => {
                cache_refresh::step(cache_refresh::Deps { cache: self.wiring.cache.as_ref() }, &changes).await
            }
            Consumer::LedgerJournal => {
                let store = self.store.as_ref();
                let deps =
                    ledger_journal::Deps { clock: &self.clock, journal: store, accounts: store, closings: store };
                ledger_journal::step(deps, changes).await
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
