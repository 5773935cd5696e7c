//! The feed of a tenant: its public events in the one order in which they are told over sockets, each of them once. It is a
//! chain of blocks, each written under the condition that its number is free. It begins when somebody first listens.

use crate::event::{EventType, KEPT_FOR};
use crate::ids::{EventId, TenantId};
use crate::time::Timestamp;

/// How many events a block holds.
pub const BLOCK_EVENTS_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub event: EventId,
    pub kind: EventType,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedBlock {
    pub tenant: TenantId,
    /// From 1 on.
    pub number: u64,
    pub events: Vec<Told>,
    /// Events up to this one were before the feed: it knows nothing of them.
    pub begins_after: EventId,
    /// The newest event that the log has been read up to. An older one that is in no block was committed late.
    pub up_to: EventId,
    pub written_at: Timestamp,
}

impl FeedBlock {
    /// The first of a feed. It has no events.
    pub fn first(tenant: TenantId, begins_after: EventId, now: Timestamp) -> Self {
        Self { tenant, number: 1, events: Vec::new(), begins_after, up_to: begins_after, written_at: now }
    }

    /// The one after it, with what the log has had since, up to an event.
    #[must_use]
    pub fn followed_by(&self, events: Vec<Told>, up_to: EventId, now: Timestamp) -> Self {
        Self {
            tenant: self.tenant,
            number: self.number + 1,
            events,
            begins_after: self.begins_after,
            up_to: up_to.max(self.up_to),
            written_at: now,
        }
    }

    /// The place right behind an event of this block.
    pub fn behind(&self, event: EventId) -> Option<FeedPlace> {
        let index = self.events.iter().position(|told| told.event == event)?;
        Some(FeedPlace { block: self.number, events: index + 1 })
    }

    /// The place behind all of it.
    pub fn end(&self) -> FeedPlace {
        FeedPlace { block: self.number, events: self.events.len() }
    }

    /// What it holds behind a place, each with the place behind itself.
    pub fn after(&self, place: FeedPlace) -> impl Iterator<Item = (FeedPlace, Told)> {
        let done = if self.number == place.block { place.events } else { 0 };
        let events = self.events.iter().enumerate().skip(done);
        events.map(|(index, told)| (FeedPlace { block: self.number, events: index + 1 }, *told))
    }

    /// After the last of its events has left the log.
    pub fn expires_at(&self) -> Timestamp {
        self.written_at.plus(KEPT_FOR)
    }
}

/// How far somebody is: through all blocks before this one, and so many events of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FeedPlace {
    pub block: u64,
    pub events: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000);

    fn told(value: u128) -> Told {
        Told { event: EventId::from_u128(value), kind: EventType::OrderCreated }
    }

    proptest! {
        /// However a feed is cut into blocks, who goes on behind an event gets what follows it, and nothing else.
        #[test]
        fn behind_an_event_comes_what_follows_it(cuts in prop::collection::vec(0_usize..5, 1..8), at: prop::sample::Index) {
            let mut blocks = vec![FeedBlock::first(TenantId::from_u128(1), EventId::from_u128(0), NOW)];
            let mut made = 0;
            for count in cuts {
                let events: Vec<Told> = (0..count).map(|_| { made += 1; told(made) }).collect();
                let last = blocks.last().expect("there is a first");
                blocks.push(last.followed_by(events, EventId::from_u128(made), NOW));
            }
            prop_assume!(made > 0);
            let event = EventId::from_u128(at.index(made as usize) as u128 + 1);
            let place = blocks.iter().find_map(|block| block.behind(event)).expect("it is in one of them");
            let rest: Vec<u128> = blocks
                .iter()
                .filter(|block| block.number >= place.block)
                .flat_map(|block| block.after(place).collect::<Vec<_>>())
                .map(|(_, told)| told.event.as_u128())
                .collect();
            prop_assert_eq!(rest, (event.as_u128() + 1..=made).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_event_that_comes_late_takes_nothing_back() {
        let first = FeedBlock::first(TenantId::from_u128(1), EventId::from_u128(5), NOW);
        let next = first.followed_by(vec![told(9)], EventId::from_u128(9), NOW);
        let late = next.followed_by(vec![told(7)], EventId::from_u128(7), NOW);
        assert_eq!((late.number, late.up_to, late.begins_after), (3, EventId::from_u128(9), EventId::from_u128(5)));
        assert_eq!(late.end(), FeedPlace { block: 3, events: 1 });
        assert_eq!(next.behind(EventId::from_u128(7)), None);
    }
}
