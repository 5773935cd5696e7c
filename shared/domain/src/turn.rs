//! Whose turn it is to go through something in order: one at a time, under a lease. Who comes meanwhile asks for more, and
//! leaves it to whoever has the turn to look once more.

use std::time::Duration;

use crate::time::Timestamp;

/// How long a turn is somebody's alone: longer than a worker may run.
pub const LEASE: Duration = Duration::from_secs(90);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// Until when somebody is at it.
    pub lease_until: Option<Timestamp>,
    /// There is more to do than whoever is at it may have seen.
    pub wanted: bool,
}

impl Turn {
    /// Nobody's, until somebody takes it.
    pub const FREE: Self = Self { lease_until: None, wanted: false };

    pub fn taken(now: Timestamp) -> Self {
        Self { lease_until: Some(now.plus(LEASE)), wanted: false }
    }

    pub fn is_leased(self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| now < until)
    }

    #[must_use]
    pub fn asked_for_more(self) -> Self {
        Self { wanted: true, ..self }
    }

    /// Nothing is left to do: it is nobody's, unless somebody has asked for more. Whoever has it looks once more then.
    #[must_use]
    pub fn rested(self) -> Self {
        if self.wanted { Self { wanted: false, ..self } } else { Self::FREE }
    }

    /// The lease goes on.
    #[must_use]
    pub fn kept(self, now: Timestamp) -> Self {
        Self { lease_until: Some(now.plus(LEASE)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000);

    #[test]
    fn a_turn_ends_by_itself_and_remembers_who_asked() {
        let taken = Turn::FREE.asked_for_more().kept(NOW);
        assert!(taken.wanted && taken.is_leased(NOW) && !taken.is_leased(NOW.plus(LEASE)));
        assert!(!taken.rested().wanted && taken.rested().is_leased(NOW));
        assert_eq!(Turn::taken(NOW), taken.rested());
        assert_eq!(taken.rested().rested(), Turn::FREE);
        assert!(!Turn::FREE.is_leased(NOW));
    }
}
